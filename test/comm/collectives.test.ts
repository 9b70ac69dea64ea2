import { describe, expect, test } from "vitest";

import type { Communicator, NumericArray, ReduceOp } from "../../src/comm/index.js";
import { expectSame } from "../helpers/comm/expect-same.js";
import { onGroup, TRANSPORTS } from "../helpers/comm/groups.js";

/*
 * Every collective on every transport, against what a single process computes from all ranks' data.
 */

const SIZES = [1, 2, 3, 4, 7];

/** Below and above the bounds where data is copied, read from memory, cut in segments, and algorithms change. */
const LENGTHS = [0, 5, 1000, 20_000, 150_001];

const DTYPES = { float32: Float32Array, float64: Float64Array, int32: Int32Array, bytes: Uint8Array };
type Dtype = keyof typeof DTYPES;

/** Values that tell rank and place apart; small enough that sums are exact in any order. */
function dataOf(dtype: Dtype, rank: number, length: number): NumericArray {
  return new DTYPES[dtype](length).map((_, i) => ((i * 7 + rank * 13) % 29) + rank);
}

function unevenCounts(length: number, size: number): number[] {
  const counts = Array.from({ length: size }, (_, r) =>
    r % 3 === 1 ? 0 : Math.floor((length * (r + 1)) / size),
  );
  return counts;
}

function concat(dtype: Dtype, parts: readonly NumericArray[]): NumericArray {
  const whole = new DTYPES[dtype](parts.reduce((length, part) => length + part.length, 0));
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}

function reduced(dtype: Dtype, op: ReduceOp, parts: readonly NumericArray[]): NumericArray {
  const result = new DTYPES[dtype](parts[0]!.length);
  for (let i = 0; i < result.length; i++) {
    let value = parts[0]![i]!;
    for (const part of parts.slice(1)) {
      if (op === "max") value = Math.max(value, part[i]!);
      else if (op === "min") value = Math.min(value, part[i]!);
      else value += part[i]!;
    }
    result[i] = op === "mean" ? value / parts.length : value;
  }
  return result;
}

/** What `make` computes, once for all ranks, which only read it. */
function once<T>(make: (dtype: Dtype, length: number) => T): (dtype: Dtype, length: number) => T {
  const made = new Map<string, T>();
  return (dtype, length) => {
    const name = `${dtype} ${length}`;
    const value = made.get(name) ?? make(dtype, length);
    made.set(name, value);
    return value;
  };
}

/** Runs `body` for every length with every dtype; for long data with one dtype each, in turn with the sizes. */
async function forCases(size: number, body: (dtype: Dtype, length: number) => Promise<void>): Promise<void> {
  const dtypes = Object.keys(DTYPES) as Dtype[];
  for (const [i, length] of LENGTHS.entries()) {
    const turn = dtypes[(i + size) % dtypes.length]!;
    for (const dtype of length <= 1000 ? dtypes : [turn]) await body(dtype, length);
  }
}

/** Every root; for long data the first and the last. */
function rootsFor(size: number, length: number): number[] {
  const everyone = Array.from({ length: size }, (_, r) => r);
  return length <= 1000 ? everyone : [...new Set([0, size - 1])];
}

describe.each(TRANSPORTS)("over %s", (kind) => {
  describe.each(SIZES)("with %i ranks", (size) => {
    const everyone = Array.from({ length: size }, (_, r) => r);

    test("broadcast, from every root", async () => {
      await onGroup(kind, size, async (comm) => {
        await forCases(size, async (dtype, length) => {
          for (const root of rootsFor(size, length)) {
            const data = dataOf(dtype, comm.rank, length);
            expect(await comm.broadcast(data, root)).toBe(data);
            expectSame(data, dataOf(dtype, root, length));
          }
        });
      });
    });

    test("scatterv and gatherv, with every root", async () => {
      await onGroup(kind, size, async (comm) => {
        await forCases(size, async (dtype, length) => {
          const counts = unevenCounts(length, size);
          const runs = everyone.map((r) => dataOf(dtype, r, counts[r]!));
          const whole = concat(dtype, runs);
          for (const root of rootsFor(size, length)) {
            const isRoot = comm.rank === root;
            const mine = new DTYPES[dtype](counts[comm.rank]!);
            await comm.scatterv(isRoot ? whole : undefined, counts, mine, root);
            expectSame(mine, runs[comm.rank]);
            const all = isRoot ? new DTYPES[dtype](whole.length) : undefined;
            await comm.gatherv(mine, counts, all, root);
            if (isRoot) expectSame(all, whole);
          }
        });
      });
    });

    test("allgatherv, also in place", async () => {
      await onGroup(kind, size, async (comm) => {
        await forCases(size, async (dtype, length) => {
          const counts = unevenCounts(length, size);
          const runs = everyone.map((r) => dataOf(dtype, r, counts[r]!));
          const whole = concat(dtype, runs);
          const all = new DTYPES[dtype](whole.length);
          expectSame(await comm.allgatherv(runs[comm.rank]!, counts, all), whole);
          const before = counts.slice(0, comm.rank).reduce((a, b) => a + b, 0);
          const again = new DTYPES[dtype](whole.length);
          again.set(runs[comm.rank]!, before);
          await comm.allgatherv(again.subarray(before, before + counts[comm.rank]!), counts, again);
          expectSame(again, whole);
        });
      });
    });

    test("scatter, gather and allgather with equal counts", async () => {
      await onGroup(kind, size, async (comm) => {
        const root = size - 1;
        const whole = concat(
          "int32",
          everyone.map((r) => dataOf("int32", r, 11)),
        ) as Int32Array;
        const mine = new Int32Array(11);
        await comm.scatter(comm.rank === root ? whole : undefined, mine, root);
        expectSame(mine, dataOf("int32", comm.rank, 11));
        expectSame(await comm.allgather(mine, new Int32Array(11 * size)), whole);
        const all = comm.rank === root ? new Int32Array(11 * size) : undefined;
        await comm.gather(mine, all, root);
        if (comm.rank === root) expectSame(all, whole);
      });
    });

    test.each(["sum", "mean", "max", "min"] as const)(
      "reduce, allreduce and reduceScatter by %s",
      async (op) => {
        const partsOf = once((dtype, length) => everyone.map((r) => dataOf(dtype, r, length)));
        const reducedOf = once((dtype, length) => reduced(dtype, op, partsOf(dtype, length)));
        await onGroup(kind, size, async (comm) => {
          await forCases(size, async (dtype, length) => {
            const [parts, expected] = [partsOf(dtype, length), reducedOf(dtype, length)];
            for (const root of rootsFor(size, length)) {
              const data = parts[comm.rank]!.slice();
              await comm.reduce(data, op, root);
              expectSame(data, comm.rank === root ? expected : parts[comm.rank]);
            }
            const data = parts[comm.rank]!.slice();
            expect(await comm.allreduce(data, op)).toBe(data);
            expectSame(data, expected);

            const counts = everyone.map(
              (r) => Math.floor((length * (r + 1)) / size) - Math.floor((length * r) / size),
            );
            const begin = counts.slice(0, comm.rank).reduce((a, b) => a + b, 0);
            const mine = new DTYPES[dtype](counts[comm.rank]!);
            const input = parts[comm.rank]!.slice();
            await comm.reduceScatter(input, op, counts, mine);
            expectSame(mine, expected.subarray(begin, begin + mine.length));
            expectSame(input, parts[comm.rank]);
          });
        });
      },
    );

    test("a function that does not commute folds in rank order", async () => {
      // (a, b) ← (a·c, a·d + b): composition of affine maps, associative only.
      const compose = (into: Float64Array, next: Float64Array): void => {
        into.set([into[0]! * next[0]!, into[0]! * next[1]! + into[1]!]);
      };
      const map = (r: number): Float64Array => new Float64Array([r + 2, r + 1]);
      const expected = map(0);
      for (const r of everyone.slice(1)) compose(expected, map(r));
      await onGroup(kind, size, async (comm) => {
        expectSame(await comm.allreduce(map(comm.rank), compose), expected);
        for (const root of everyone) {
          const data = await comm.reduce(map(comm.rank), compose, root);
          expectSame(data, comm.rank === root ? expected : map(comm.rank));
        }
      });
    });

    test("send, recv and sendrecv, by tag and in order", async () => {
      await onGroup(kind, size, async (comm) => {
        const right = (comm.rank + 1) % size;
        const left = (comm.rank + size - 1) % size;
        const sent = [
          comm.send(right, 7, dataOf("float32", comm.rank, 100_000)),
          comm.send(right, 7, dataOf("int32", comm.rank, 3)),
          comm.send(right, 2, dataOf("bytes", comm.rank, 0)),
        ];
        expectSame(await comm.recv(left, 2, new Uint8Array(0)), new Uint8Array(0));
        expectSame(await comm.recv(left, 7, new Float32Array(100_000)), dataOf("float32", left, 100_000));
        expectSame(await comm.recv(left, 7, new Int32Array(3)), dataOf("int32", left, 3));
        await Promise.all(sent);
        const large = dataOf("float64", comm.rank, 200_000);
        const received = await comm.sendrecv(right, 1, large, left, 1, new Float64Array(200_000));
        expectSame(received, dataOf("float64", left, 200_000));
      });
    });

    test("objects", async () => {
      const value = (r: number): unknown => ({
        rank: r,
        text: "x".repeat(r * 30_000),
        list: [1, null, true],
        f: new Float32Array([r]),
      });
      await onGroup(kind, size, async (comm) => {
        for (const root of everyone) {
          expect(await comm.broadcastObject(comm.rank === root ? value(root) : undefined, root)).toEqual(
            value(root),
          );
          expect(await comm.gatherObject(value(comm.rank), root)).toEqual(
            comm.rank === root ? everyone.map(value) : undefined,
          );
        }
        expect(await comm.allgatherObject(value(comm.rank))).toEqual(everyone.map(value));
      });
    });

    test("split into groups that work beside each other, and again", async () => {
      await onGroup(kind, size, async (comm) => {
        const color = comm.rank === size - 1 && size > 1 ? -1 : comm.rank % 2;
        const group = await comm.split(color, -comm.rank);
        if (color < 0) expect(group).toBeUndefined();
        else {
          const members = everyone.filter((r) => r % 2 === color && (r < size - 1 || size === 1)).reverse();
          expect(group!.size).toBe(members.length);
          expect(members[group!.rank]).toBe(comm.rank);
          const ranks = await group!.allgather(new Int32Array([comm.rank]), new Int32Array(members.length));
          expect([...ranks]).toEqual(members);
          const half = await group!.split(group!.rank % 2, 0);
          const sum = await half!.allreduce(new Int32Array([1]), "sum");
          expect(sum[0]).toBe(half!.size);
        }
        await comm.barrier();
      });
    });

    test("buffers may be written as soon as a call has returned", async () => {
      await onGroup(kind, size, async (comm) => {
        for (const length of [10, 10_000, 300_000]) {
          const data = new Float32Array(length);
          for (let round = 1; round <= 3; round++) {
            data.fill(comm.rank === 0 ? round : 0);
            await comm.broadcast(data);
            expect(data[length - 1]).toBe(round);
            data.fill(round);
            await comm.allreduce(data, "sum");
            expect(data[0]).toBe(round * size);
            expect(data[length - 1]).toBe(round * size);
            data.fill(-1);
            await ring(comm, round, length);
          }
        }
      });
    });

    test("a barrier lets nobody pass before all have come", async () => {
      let arrived = 0;
      await onGroup(kind, size, async (comm) => {
        await new Promise((resolve) => setTimeout(resolve, 10 * comm.rank));
        arrived++;
        await comm.barrier();
        expect(arrived).toBe(size);
      });
    });
  });
});

// The algorithms of every length, with numbers whose sum depends on the order of the additions.
describe.each(TRANSPORTS)("over %s", (kind) => {
  test.each([3, 4, 7])("%i ranks reduce to the same bits on every run, whoever comes first", async (size) => {
    const data = Array.from({ length: size }, (_, rank) =>
      [5, 20_000, 150_001, 1_200_000].map((length) =>
        new Float32Array(length).map((_, i) => Math.fround(1 / (i * 3 + rank + 1))),
      ),
    );
    const runs = await Promise.all(
      [0, 1, 2].map((run) =>
        onGroup(kind, size, async (comm) => {
          const results: Float32Array[] = [];
          for (const mine of data[comm.rank]!) {
            await new Promise((resolve) => setTimeout(resolve, ((comm.rank * 7 + run * 5) % 4) * 3));
            results.push(await comm.allreduce(mine.slice(), "sum"));
          }
          return results;
        }),
      ),
    );
    for (const results of runs.flat()) {
      for (const [i, sum] of results.entries()) expectSame(sum, runs[0]![0]![i]);
    }
  });
});

/** Sends to the right and overwrites what was sent at once. */
async function ring(comm: Communicator, round: number, length: number): Promise<void> {
  const data = new Float32Array(length).fill(round);
  const into = new Float32Array(length);
  const receiving = comm.recv((comm.rank + comm.size - 1) % comm.size, 3, into);
  await comm.send((comm.rank + 1) % comm.size, 3, data);
  data.fill(-2);
  await receiving;
  expect(into.every((x) => x === round)).toBe(true);
}
