import { spawnSync } from "node:child_process";
import { readdirSync, readFileSync, readlinkSync } from "node:fs";
import { NO_KOFFI } from "../helpers/no-koffi.js";
import { describe, expect, test } from "vitest";

import type { Communicator } from "../../src/comm/index.js";
import { Endpoint } from "../../src/comm/calls/endpoint.js";
import { WORLD } from "../../src/comm/calls/group.js";
import { GroupCommunicator } from "../../src/comm/group-communicator.js";
import { loadPeerMemory, type PeerMemory } from "../../src/comm/transport/shared-memory/peer-memory.js";
import { Sharing } from "../../src/comm/transport/shared-memory/sharing.js";
import { memoryTransports } from "../../src/comm/transport/in-process.js";
import { jobWords } from "../../src/comm/transport/wire.js";
import { RankProcesses, type JobOptions } from "../helpers/comm/processes.js";

/*
 * Payloads taken from the memory of another process of this host: what it needs, that it is used, and what happens
 * where it cannot be. The collectives themselves are tested over it in collectives.test.ts ("shared").
 */

const memory = await loadPeerMemory().catch(() => undefined);
if (memory === undefined) console.log("Skipped: memory of peers (not on this platform).");

describe.skipIf(memory === undefined)("memory of another process", () => {
  test("is read where it lies, and not where the process is gone", () => {
    const data = new Uint8Array(100_000).map((_, i) => i);
    const into = new Uint8Array(100_000);
    memory!.read(process.pid, memory!.addressOf(data), into);
    expect(into).toEqual(data);
    const { pid } = spawnSync("true");
    expect(() => {
      memory!.read(pid, memory!.addressOf(data), into);
    }).toThrow(`process_vm_readv from process ${pid} failed with errno 3`);
  });

  test("is used only of a process that holds the token it told", () => {
    const [one, other] = [new Sharing(memory!, () => process.pid), new Sharing(memory!, () => process.pid)];
    const offer = one.offerTo(1)!;
    expect(other.accepts(0, offer)).toBe(true);
    const forged = Buffer.from(offer);
    forged[forged.length - 1]! ^= 1;
    expect(other.accepts(0, forged)).toBe(false);
    const nowhere = Buffer.from(offer);
    nowhere.writeBigUInt64LE(8n);
    expect(other.accepts(0, nowhere)).toBe(false);
    expect(other.accepts(0, offer.subarray(0, 5))).toBe(false);
    const reasons: string[] = [];
    const asking = new Sharing(
      memory!,
      () => process.pid,
      (reason) => reasons.push(reason),
    );
    expect(asking.accepts(0, offer)).toBe(true);
    expect(asking.accepts(0, Buffer.alloc(0))).toBe(false); // a hello that offers nothing
    expect(reasons).toEqual([]);
    asking.accepts(0, nowhere);
    expect(reasons).toEqual(["process_vm_readv failed with errno 14"]);
    expect(new Sharing(memory!, () => undefined).offerTo(1)).toBeUndefined();
    expect(new Sharing(memory!, () => undefined).accepts(0, offer)).toBe(false);
  });

  test("carries long payloads and leaves short ones to the socket", async () => {
    let bytes = 0;
    const compacted: number[] = [];
    const counting: PeerMemory = {
      addressOf: (data) => memory!.addressOf(data),
      read: (pid, address, into) => {
        bytes += into.byteLength;
        memory!.read(pid, address, into);
      },
      compact: (data) => {
        compacted.push(data.byteLength);
        memory!.compact(data);
      },
    };
    const group = memoryTransports(2).map((transport): Communicator => {
      const endpoint = new Endpoint(transport, {
        job: jobWords("a job"),
        timeoutSeconds: 10,
        log: () => undefined,
        sharing: new Sharing(counting, () => process.pid),
      });
      return new GroupCommunicator(endpoint, [0, 1], transport.rank, WORLD);
    });
    const readDuring = async (length: number): Promise<number> => {
      const before = bytes;
      await Promise.all(group.map((comm) => comm.broadcast(new Float32Array(length))));
      return bytes - before;
    };
    await Promise.all(group.map((comm) => comm.barrier()));
    expect(await readDuring(1000)).toBe(0);
    expect(await readDuring(10_000)).toBe(40_000);
    expect(await readDuring(1_000_000)).toBe(4_000_000);

    // Buffers used again and again come to lie on huge pages, with their values.
    const data = group.map(({ rank }) => new Float32Array(1_100_000).fill(rank));
    for (let i = 1; i <= 10; i++) {
      await Promise.all(group.map((comm) => comm.allreduce(data[comm.rank]!, "sum")));
    }
    expect(compacted).toEqual([4_400_000, 4_400_000]);
    for (const sum of data) expect(sum.every((x) => x === 512)).toBe(true);
    await Promise.all(group.map((comm) => comm.close()));
  });
});

/** Plays the exchange on three ranks; it checks what it receives. */
async function exchange(options: JobOptions): Promise<void> {
  const ranks = await RankProcesses.start("exchange", 3, options);
  try {
    await ranks.all("done", [0, 1, 2], 60);
    expect(await ranks.end(30)).toEqual([0, 0, 0]);
  } finally {
    await ranks[Symbol.asyncDispose]();
  }
}

describe("ranks exchange by sockets", () => {
  test("where it is switched off", async () => {
    await exchange({ sharedMemory: false });
  }, 300_000);

  test("with a rank that has no koffi", async () => {
    await exchange({
      wrap: (rank, [node, ...rest]) =>
        rank === 1 ? [node!, "--import", NO_KOFFI, ...rest] : [node!, ...rest],
    });
  }, 300_000);

  const other = ["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups"];
  const canChangeUser =
    process.getuid?.() === 0 &&
    spawnSync(other[0]!, [...other.slice(1), process.execPath, "-e", "import('zeromq')"]).status === 0;
  if (!canChangeUser) console.log("Skipped: a rank of another user (needs root and setpriv).");

  test.skipIf(!canChangeUser)(
    "with a rank of another user, which may not read the others",
    async () => {
      await exchange({ wrap: (rank, command) => (rank === 1 ? [...other, ...command] : command) });
    },
    300_000,
  );
});

test.skipIf(process.platform !== "linux")(
  "killed ranks leave nothing behind",
  async () => {
    const segments = (): string[] => readdirSync("/dev/shm").filter((name) => name.includes("apts"));
    const before = segments();
    const ranks = await RankProcesses.start("large messages", 3);
    const sockets = ranks.reports.flatMap(({ pid }) => localSocketsOf(pid!));
    expect(sockets.length).toBeGreaterThanOrEqual(3);
    for (const rank of [0, 1, 2]) ranks.kill(rank, "SIGKILL");
    await ranks.end(30);
    const open = readFileSync("/proc/net/unix", "utf8");
    expect(sockets.filter((name) => open.includes(name))).toEqual([]);
    expect(segments()).toEqual(before);
  },
  300_000,
);

/** Names of the local sockets a process listens on. */
function localSocketsOf(pid: number): string[] {
  const fds = readdirSync(`/proc/${pid}/fd`).flatMap((fd) => {
    try {
      return [readlinkSync(`/proc/${pid}/fd/${fd}`)];
    } catch {
      return []; // closed since
    }
  });
  return readFileSync("/proc/net/unix", "utf8")
    .split("\n")
    .map((line) => line.trim().split(/\s+/))
    .filter(([, , , , , , inode, name]) => name?.startsWith("@apts-") && fds.includes(`socket:[${inode}]`))
    .map((words) => words[7]!);
}
