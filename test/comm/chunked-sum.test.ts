import fc from "fast-check";
import { describe, expect, test } from "vitest";

import { chunkedSum, chunkRange, isExchanged } from "../../src/comm/chunked-sum.js";
import { treeSum, type EvaluateChunk } from "../../src/linalg/tree-sum.js";
import { partials } from "../helpers/linalg/partials.js";
import { expectSame } from "../helpers/comm/expect-same.js";
import { onGroup } from "../helpers/comm/groups.js";

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
});

test("ranks exchange their sums where all of them own a node of the tree, unless long ones would crowd the network", () => {
  const memory = { size: 4, locality: "memory" } as const;
  const network = { size: 4, locality: "network" } as const;
  expect(isExchanged(memory, 8, 1e8)).toBe(true);
  expect(isExchanged(memory, 4, 8)).toBe(true);
  expect(isExchanged(memory, 2, 8)).toBe(false);
  expect(isExchanged(memory, 24, 8)).toBe(true);
  expect(isExchanged(memory, 22, 8)).toBe(false);
  expect(isExchanged({ ...memory, size: 3 }, 8, 8)).toBe(false);
  expect(isExchanged(network, 8, 65_536)).toBe(true);
  expect(isExchanged(network, 8, 65_540)).toBe(false);
  expect(isExchanged({ ...network, size: 2 }, 8, 1e8)).toBe(true);
});

test("an exchange of sums of long vectors over sockets has the bits of one rank, and leaves no message behind", async () => {
  const length = 200_000;
  const alone = new Float32Array(length);
  const expected = await treeSum(24, partials(2), alone);
  for (const size of [2, 4]) {
    await onGroup("ipc", size, async (comm) => {
      const out = new Float32Array(length);
      for (let i = 0; i < 2; i++) {
        expect(await chunkedSum(comm, 24, partials(2), out)).toBe(expected);
        expectSame(out, alone);
      }
    });
  }
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
