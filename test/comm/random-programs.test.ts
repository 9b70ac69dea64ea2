import fc from "fast-check";
import { expect, test } from "vitest";

import type { Communicator } from "../../src/comm/index.js";
import { expectSame } from "../helpers/comm/expect-same.js";
import { onGroup } from "../helpers/comm/groups.js";

/*
 * Random programs of collectives, on groups and groups of groups, with ranks that dawdle: every rank must see what a
 * single process that plays all ranks computes.
 */

interface Step {
  readonly operation:
    "broadcast" | "allgather" | "allreduce" | "reduce" | "reduceScatter" | "ring" | "object";
  readonly length: number;
  readonly root: number;
  /** Colors of the ranks; the step runs on the groups they form. */
  readonly colors: readonly number[] | undefined;
  /** Milliseconds each rank takes before it calls. */
  readonly pauses: readonly number[];
}

const step: fc.Arbitrary<Step> = fc.record({
  operation: fc.constantFrom(
    "broadcast",
    "allgather",
    "allreduce",
    "reduce",
    "reduceScatter",
    "ring",
    "object",
  ),
  length: fc.oneof(fc.integer({ min: 0, max: 20 }), fc.constantFrom(4095, 5000, 40_000)),
  root: fc.nat(6),
  colors: fc.option(fc.array(fc.nat(2), { minLength: 7, maxLength: 7 }), { nil: undefined, freq: 3 }),
  pauses: fc.array(fc.constantFrom(0, 0, 0, 1, 3), { minLength: 7, maxLength: 7 }),
});

const value = (rank: number, index: number, i: number): number => ((rank + 1) * (index + 2) * (i + 3)) % 1013;

function input(rank: number, index: number, length: number): Float32Array {
  return new Float32Array(length).map((_, i) => value(rank, index, i));
}

async function play(world: Communicator, program: readonly Step[]): Promise<void> {
  for (const [index, { operation, length, root: anyRoot, colors, pauses }] of program.entries()) {
    if (pauses[world.rank]! > 0) await new Promise((resolve) => setTimeout(resolve, pauses[world.rank]));
    const comm = colors === undefined ? world : (await world.split(colors[world.rank]!, 0))!;
    const everyone = Array.from({ length: world.size }, (_, r) => r);
    const members =
      colors === undefined ? everyone : everyone.filter((r) => colors[r] === colors[world.rank]);
    const root = anyRoot % comm.size;
    const own = input(world.rank, index, length);
    const inputs = members.map((r) => input(r, index, length));
    const sum = own.map((_, i) => inputs.reduce((total, x) => total + x[i]!, 0));
    switch (operation) {
      case "broadcast":
        expectSame(await comm.broadcast(own, root), inputs[root]);
        break;
      case "allgather": {
        const all = new Float32Array(length * comm.size);
        inputs.forEach((x, r) => {
          all.set(x, r * length);
        });
        expectSame(await comm.allgather(own, new Float32Array(length * comm.size)), all);
        break;
      }
      case "allreduce":
        expectSame(await comm.allreduce(own, "sum"), sum);
        break;
      case "reduce":
        expectSame(await comm.reduce(own, "sum", root), comm.rank === root ? sum : inputs[comm.rank]);
        break;
      case "reduceScatter": {
        const counts = members.map((_, r) => (r === root ? length : 0));
        const mine = new Float32Array(counts[comm.rank]!);
        await comm.reduceScatter(own, "sum", counts, mine);
        expectSame(mine, comm.rank === root ? sum : new Float32Array(0));
        break;
      }
      case "ring": {
        const [right, left] = [(comm.rank + 1) % comm.size, (comm.rank + comm.size - 1) % comm.size];
        expectSame(
          await comm.sendrecv(right, index, own, left, index, new Float32Array(length)),
          inputs[left],
        );
        break;
      }
      case "object":
        expect(await comm.allgatherObject({ rank: world.rank, index })).toEqual(
          members.map((rank) => ({ rank, index })),
        );
        break;
    }
  }
}

test.each([
  ["memory", 60],
  ["shared", 12],
  ["ipc", 12],
] as const)("random programs over %s", async (kind, numRuns) => {
  await fc.assert(
    fc.asyncProperty(
      fc.integer({ min: 1, max: 7 }),
      fc.array(step, { maxLength: 12 }),
      async (size, program) => {
        await onGroup(kind, size, (comm) => play(comm, program));
      },
    ),
    { numRuns },
  );
});
