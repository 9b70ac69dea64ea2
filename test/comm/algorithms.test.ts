import { describe, expect, test } from "vitest";

import type { Fold } from "../../src/comm/channels/segment.js";
import type { Collective } from "../../src/comm/calls/collective.js";
import { allgatherDirect, allgatherDoubling, allgatherRing } from "../../src/comm/collectives/allgather.js";
import { allreduceDirect, allreduceDoubling, allreduceRing } from "../../src/comm/collectives/allreduce.js";
import { offsetsOf } from "../../src/comm/collectives/blocks.js";
import { broadcastChain, broadcastDirect, broadcastTree } from "../../src/comm/collectives/broadcast.js";
import { reduceInOrder } from "../../src/comm/collectives/in-order.js";
import { reduceDirect, reduceRing, reduceTree } from "../../src/comm/collectives/reduce.js";
import { reduceScatterDirect, reduceScatterRing } from "../../src/comm/collectives/reduce-scatter.js";
import { GroupCommunicator } from "../../src/comm/group-communicator.js";
import { addPlainly } from "../../src/linalg/sum-kernel.js";
import { signatureOf } from "../../src/comm/calls/signature.js";
import { expectSame } from "../helpers/comm/expect-same.js";
import { onGroup } from "../helpers/comm/groups.js";

/*
 * Every algorithm at every number of ranks and length, whether or not it would be chosen there.
 */

/** The sum, plainly. */
const fold = addPlainly as Fold;

const SIZES = [1, 2, 3, 4, 5, 7, 8];
const LENGTHS = [0, 1, 6, 1000, 200_003];

/** Copies of what `make` computes, each time but the first. */
function copied(make: (of: number, length: number) => Float32Array): typeof make {
  const made = new Map<string, Float32Array>();
  return (of, length) => {
    const name = `${of} ${length}`;
    const array = made.get(name) ?? make(of, length);
    made.set(name, array);
    return array.slice();
  };
}

const input = copied((rank, length) =>
  new Float32Array(length).map((_, i) => ((i * 31 + rank * 17) % 101) - 50),
);

/** Runs `algorithm` on all ranks for every length; `check` sees what each rank has in the end. */
async function runEverywhere<R>(
  size: number,
  algorithm: (collective: Collective, length: number) => Promise<R>,
  check: (result: R, rank: number, length: number) => void,
): Promise<void> {
  await onGroup("memory", size, async (comm) => {
    for (const length of LENGTHS) {
      if (!(comm instanceof GroupCommunicator)) throw new Error("not a GroupCommunicator");
      const result = await comm.collective(
        signatureOf("send", { dtype: "float32", count: length }),
        (collective) => algorithm(collective, length),
      );
      check(result, comm.rank, length);
    }
  });
}

const sum = copied((size, length) => {
  const total = input(0, length);
  for (let r = 1; r < size; r++) addPlainly(total, input(r, length));
  return total;
});

/** Uneven runs of `length` elements, some empty. */
function runsOf(length: number, size: number): number[] {
  const counts = Array.from({ length: size }, (_, r) => (r % 3 === 2 ? 0 : Math.floor(length / (size + r))));
  counts[0]! += length - counts.reduce((a, b) => a + b, 0);
  return offsetsOf(counts);
}

describe.each(SIZES)("with %i ranks", (size) => {
  test.each([broadcastTree, broadcastChain, broadcastDirect])("%o broadcasts", async (algorithm) => {
    for (const root of new Set([0, 1 % size, size - 1])) {
      await runEverywhere(
        size,
        async (collective, length) => {
          const data = input(collective.rank, length);
          await algorithm(collective, data, root);
          return data;
        },
        (data, _, length) => {
          expectSame(data, input(root, length));
        },
      );
    }
  });

  test.each([allgatherRing, allgatherDoubling, allgatherDirect])("%o gathers to all", async (algorithm) => {
    await runEverywhere(
      size,
      async (collective, length) => {
        const offsets = runsOf(length, size);
        const all = new Float32Array(length);
        const [begin, end] = [offsets[collective.rank]!, offsets[collective.rank + 1]!];
        all.set(input(7, length).subarray(begin, end), begin);
        await algorithm(collective, offsets, all);
        return all;
      },
      (all, _, length) => {
        expectSame(all, input(7, length));
      },
    );
  });

  test("reduceScatterRing and reduceScatterDirect leave each rank its run", async () => {
    const expected = (rank: number, length: number): Float32Array => {
      const offsets = runsOf(length, size);
      return sum(size, length).slice(offsets[rank], offsets[rank + 1]);
    };
    await runEverywhere(
      size,
      async (collective, length) => {
        const offsets = runsOf(length, size);
        const run = [offsets[collective.rank]!, offsets[collective.rank + 1]!] as const;
        const data = input(collective.rank, length);
        const mine = data.slice(...run);
        await reduceScatterDirect(collective, data, fold, offsets, mine);
        expectSame(data, input(collective.rank, length));
        await collective.finish();
        await reduceScatterRing(collective, data, fold, offsets);
        return [mine, data.slice(...run)];
      },
      ([direct, ring], rank, length) => {
        expectSame(direct, expected(rank, length));
        expectSame(ring, expected(rank, length));
      },
    );
  });

  test.each([
    ["reduceTree", reduceTree],
    ["reduceRing", reduceRing],
    ["reduceDirect", reduceDirect],
    [
      "reduceInOrder",
      (collective: Collective, data: Float32Array, fold: Fold) => reduceInOrder(collective, data, fold),
    ],
  ] as const)("%s reduces to the root", async (name, algorithm) => {
    for (const root of name === "reduceInOrder" ? [0] : new Set([0, 1 % size, size - 1])) {
      await runEverywhere(
        size,
        async (collective, length) => {
          const data = input(collective.rank, length);
          await algorithm(collective, data, fold, root);
          return data;
        },
        (data, rank, length) => {
          if (rank === root) expectSame(data, sum(size, length));
          else if (name === "reduceDirect") expectSame(data, input(rank, length));
        },
      );
    }
  });

  test.each([allreduceDoubling, allreduceRing, allreduceDirect])("%o reduces to all", async (algorithm) => {
    await runEverywhere(
      size,
      async (collective, length) => {
        const data = input(collective.rank, length);
        if (size > 1) await algorithm(collective, data, fold);
        else expect(data.length).toBe(length);
        return data;
      },
      (data, _, length) => {
        expectSame(data, sum(size, length));
      },
    );
  });
});
