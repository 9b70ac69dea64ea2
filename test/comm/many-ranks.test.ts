import { readdirSync, readlinkSync } from "node:fs";
import { expect, test } from "vitest";

import { openGroup } from "../helpers/comm/groups.js";

function openSockets(): number {
  return readdirSync("/proc/self/fd").filter((fd) => {
    try {
      return readlinkSync(`/proc/self/fd/${fd}`).startsWith("socket:");
    } catch {
      return false; // the descriptor that listed the folder
    }
  }).length;
}

test.skipIf(process.platform !== "linux")(
  "many ranks start with few sockets and find each other",
  async () => {
    const size = 48;
    const before = openSockets();
    const group = await openGroup("ipc", size, { timeoutSeconds: 60 });
    await Promise.all(group.map((comm) => comm.barrier()));
    // Per rank: two listening sockets, and both ends of its links: ⌈log₂ P⌉ of the barrier, one to a neighbour, each
    // answered by one back. All links both ways would be 4·(P − 1) = 188 ends.
    expect(openSockets() - before).toBeLessThan(size * (2 + 4 * (Math.ceil(Math.log2(size)) + 1) + 1));
    const ranks = await Promise.all(
      group.map((comm) => comm.allgather(new Int32Array([comm.rank]), new Int32Array(size))),
    );
    for (const all of ranks) expect([...all]).toEqual(Array.from({ length: size }, (_, r) => r));
    const sums = await Promise.all(
      group.map((comm) => comm.allreduce(new Float32Array(50_000).fill(1), "sum")),
    );
    for (const sum of sums) expect(sum[49_999]).toBe(size);
    await Promise.all(group.map((comm) => comm.close()));
    await expect.poll(openSockets, { timeout: 5000 }).toBeLessThanOrEqual(before + 2);
  },
  300_000,
);
