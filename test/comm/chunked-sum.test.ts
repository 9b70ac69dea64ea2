import fc from "fast-check";
import { describe, expect, test } from "vitest";

import { chunkedSum, chunkRange, treeSum, type EvaluateChunk } from "../../src/comm/index.js";
import { expectSame } from "../helpers/comm/expect-same.js";
import { onGroup } from "../helpers/comm/groups.js";

/** Partials whose float32 and float64 sums depend on the order: magnitudes from 1e-4 to 1e4, both signs. */
function partials(seed: number): EvaluateChunk {
  const value = (i: number): number => {
    const x = Math.sin(12.9898 * i + seed) * 43758.5453;
    const fraction = x - Math.floor(x);
    return (fraction < 0.5 ? -1 : 1) * 10 ** (8 * Math.abs(Math.sin(i * 78.233 + seed)) - 4);
  };
  return (chunk, partial) => {
    for (let i = 0; i < partial.length; i++) partial[i] = value(chunk * 1009 + i);
    return Promise.resolve(value(chunk * 31 + 17));
  };
}

describe("chunkedSum", () => {
  test("has the same bits for every number of ranks, and those of treeSum", async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.integer({ min: 1, max: 40 }),
        fc.integer({ min: 0, max: 50 }),
        fc.integer(),
        async (chunks, length, seed) => {
          const alone = new Float32Array(length);
          const expected = await treeSum(chunks, partials(seed), alone);
          for (const size of [1, 2, 3, 4, 7]) {
            const evaluated: number[][] = await onGroup("memory", size, async (comm) => {
              const own: number[] = [];
              const out = new Float32Array(length);
              const evaluate: EvaluateChunk = (chunk, partial) => {
                own.push(chunk);
                return partials(seed)(chunk, partial);
              };
              expect(await chunkedSum(comm, chunks, evaluate, out)).toBe(expected);
              expectSame(out, alone);
              return own;
            });
            expect(evaluated.flat()).toEqual(Array.from({ length: chunks }, (_, c) => c));
          }
        },
      ),
      { numRuns: 60 },
    );
  });

  test("has the same bits over sockets, for vectors longer than a segment", async () => {
    const length = 200_000;
    const alone = new Float32Array(length);
    const expected = await treeSum(13, partials(1), alone);
    for (const size of [2, 3, 7]) {
      await onGroup("ipc", size, async (comm) => {
        const out = new Float32Array(length);
        expect(await chunkedSum(comm, 13, partials(1), out)).toBe(expected);
        expectSame(out, alone);
      });
    }
  });

  test("needs the fixed tree: a plain sum in order differs", async () => {
    const out = new Float32Array(50);
    await treeSum(40, partials(3), out);
    const plain = new Float32Array(50);
    const partial = new Float32Array(50);
    for (let chunk = 0; chunk < 40; chunk++) {
      await partials(3)(chunk, partial);
      plain.forEach((value, i) => (plain[i] = value + partial[i]!));
    }
    expect(out).not.toEqual(plain);
  });

  test("holds few vectors at a time", async () => {
    const chunks = 256;
    const seen = new Set<ArrayBufferLike>();
    await treeSum(
      chunks,
      (_, partial) => {
        seen.add(partial.buffer);
        return Promise.resolve(0);
      },
      new Float32Array(10),
    );
    expect(seen.size).toBeLessThanOrEqual(Math.log2(chunks) + 1);
  });

  test("refuses a number of chunks that is none", async () => {
    await expect(treeSum(0, partials(1), new Float32Array(1))).rejects.toThrow(
      "Expected the number of chunks to be a positive integer, got 0.",
    );
  });
});

describe("chunkRange", () => {
  test("cuts the chunks in contiguous runs, near equal, one for rank 0 first", () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 300 }), fc.integer({ min: 1, max: 300 }), (chunks, size) => {
        let next = 0;
        for (let rank = 0; rank < size; rank++) {
          const { begin, end } = chunkRange(chunks, size, rank);
          expect(begin).toBe(next);
          expect(end - begin).toBeGreaterThanOrEqual(Math.floor(chunks / size));
          expect(end - begin).toBeLessThanOrEqual(Math.ceil(chunks / size));
          next = end;
        }
        expect(next).toBe(chunks);
        expect(chunkRange(chunks, size, 0).end).toBeGreaterThan(0);
      }),
    );
  });
});
