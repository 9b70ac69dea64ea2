import { setImmediate as macrotask } from "node:timers/promises";
import { describe, expect, it } from "vitest";
import { POINT_TO_POINT, type CallTotals } from "../../src/comm/account.js";
import type { Communicator } from "../../src/comm/index.js";
import { packObject } from "../../src/comm/packing.js";
import { onGroup, TRANSPORTS } from "../helpers/comm/groups.js";

/** What the calls of `body` come to on each rank. */
function totalsOf(
  kind: (typeof TRANSPORTS)[number],
  size: number,
  body: (comm: Communicator) => Promise<unknown>,
): Promise<Readonly<Record<string, CallTotals>>[]> {
  return onGroup(kind, size, async (comm) => {
    await body(comm);
    return comm.account.totals();
  });
}

const sent = (totals: readonly Readonly<Record<string, CallTotals>>[], call: string) =>
  totals.map((of) => [of[call]!.calls, of[call]!.messages, of[call]!.bytes]);

describe.each(TRANSPORTS)("the account of calls through %s", (kind) => {
  it("counts bytes and messages as the algorithms say", async () => {
    const [short, long] = [100, 50_000];
    const totals = await totalsOf(kind, 4, async (comm) => {
      for (const length of [short, long]) await comm.broadcast(new Float32Array(length), 1); // direct
      await comm.allgather(new Float32Array(short), new Float32Array(4 * short)); // direct
      await comm.allreduce(new Float64Array(short), "sum"); // doubling: log₂ 4 messages
    });
    const bytes = 4 * (short + long);
    expect(sent(totals, "broadcast")).toEqual([[2, 0, 0], [2, 6, 3 * bytes], [2, 0, 0], [2, 0, 0]]); // prettier-ignore
    expect(sent(totals, "allgather")).toEqual(new Array(4).fill([1, 3, 3 * 4 * short]));
    expect(sent(totals, "allreduce")).toEqual(new Array(4).fill([1, 2, 2 * 8 * short]));
  });

  it("counts objects packed, and point-to-point messages on the side that sends them", async () => {
    const value = { accepted: true, radius: 0.5 };
    const totals = await totalsOf(kind, 2, async (comm) => {
      await comm.broadcastObject(comm.rank === 0 ? value : undefined);
      if (comm.rank === 0) await comm.send(1, 3, new Float32Array(70_000));
      else await comm.recv(0, 3, new Float32Array(70_000));
    });
    expect(sent(totals, "broadcastObject")).toEqual([[1, 1, packObject(value).byteLength], [1, 0, 0]]); // prettier-ignore
    expect(sent(totals, POINT_TO_POINT)).toEqual([[1, 1, 280_000], [1, 0, 0]]); // prettier-ignore
  });

  it("tells the wait for a late peer from the message, where it is received and where it is sent", async () => {
    const lateness = { least: 0 };
    const totals = async (root: number) => {
      let tell!: () => void;
      const begun = new Promise<void>((resolve) => (tell = resolve));
      const [first] = await totalsOf(kind, 2, async (comm) => {
        const data = new Float32Array(200_000);
        if (comm.rank === 1) {
          await begun;
          const since = performance.now();
          await new Promise((resolve) => setTimeout(resolve, 30));
          lateness.least = performance.now() - since;
          await comm.broadcast(data, root);
          return;
        }
        const call = comm.broadcast(data, root);
        await macrotask(); // this rank now waits in it
        tell();
        await call;
      });
      return first!["broadcast"]!;
    };
    const received = await totals(1);
    expect(received.waiting).toBeGreaterThanOrEqual(lateness.least);
    const sent = await totals(0);
    expect(sent.waiting).toBeGreaterThanOrEqual(lateness.least - 1); // of which clocks differ
    expect(sent.moving).toBeGreaterThan(0);
  });
});

describe("the account of a rank", () => {
  it("does not take computing while a message is under way for waiting", async () => {
    const [{ spent, took }] = (await onGroup("memory", 2, async (comm) => {
      if (comm.rank === 1)
        return { spent: 0, took: (await comm.recv(0, 1, new Float32Array(100_000))).length };
      const send = comm.send(1, 1, new Float32Array(100_000));
      const begin = performance.now();
      let took = 0;
      while (took < 20) took = performance.now() - begin; // computes
      await send;
      comm.account.totals();
      const { waiting, moving } = comm.account.spent;
      return { spent: waiting + moving, took };
    })) as [{ spent: number; took: number }];
    expect(took).toBeGreaterThanOrEqual(20);
    expect(spent).toBe(0);
  });

  it("has decisions whole, with what they send", async () => {
    const spent = await onGroup("memory", 2, async (comm) => {
      await comm.account.deciding(() => comm.broadcastObject(comm.rank === 0 ? "yes" : undefined));
      comm.account.totals();
      return { ...comm.account.spent };
    });
    for (const { deciding, ...others } of spent) {
      expect(deciding).toBeGreaterThan(0);
      expect(others).toEqual({ waiting: 0, moving: 0 });
    }
  });

  it("ends a decision that throws", () =>
    onGroup("memory", 1, async (comm) => {
      const fails = (): never => {
        throw new Error("no");
      };
      expect(() => comm.account.deciding(fails)).toThrow("no");
      comm.account.totals();
      const before = comm.account.spent.deciding;
      await new Promise((resolve) => setTimeout(resolve, 5));
      comm.account.totals();
      expect(comm.account.spent.deciding).toBe(before);
    }));
});
