import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { miniBatches } from "../../src/data/batches.js";
import { Random } from "../../src/random.js";
import { UsageError } from "../../src/errors.js";

describe("miniBatches", () => {
  it("gives CIFAR-10 in 20 mini-batches 2975 samples each (TCKK23 §3.3)", () => {
    const batches = miniBatches(50_000, 20, 0.01, new Random(0));
    expect(batches.map((batch) => batch.length)).toEqual(new Array(20).fill(2500 + 19 * 25));
  });

  const cases = fc
    .record({ count: fc.integer({ min: 1, max: 60 }), overlap: fc.double({ min: 0, max: 1, noNaN: true }) })
    .chain(({ count, overlap }) =>
      fc.record({
        count: fc.constant(count),
        overlap: fc.constant(overlap),
        batches: fc.integer({ min: 1, max: count }),
        seed: fc.nat(),
      }),
    );

  it("cuts disjoint base parts and lends the fraction of every other part, no index twice in a batch", () => {
    fc.assert(
      fc.property(cases, ({ count, batches, overlap, seed }) => {
        const result = miniBatches(count, batches, overlap, new Random(seed));
        const sizes = result.map(
          (_, b) => Math.floor(((b + 1) * count) / batches) - Math.floor((b * count) / batches),
        );
        const bases = result.map((batch, b) => [...batch.subarray(0, sizes[b])]);
        expect(bases.flat().sort((a, b) => a - b)).toEqual(Array.from({ length: count }, (_, i) => i));
        result.forEach((batch, b) => {
          expect(new Set(batch).size).toBe(batch.length);
          const members = new Set(batch);
          bases.forEach((base, lender) => {
            const lent = base.filter((index) => members.has(index)).length;
            expect(lent).toBe(lender === b ? base.length : Math.round(overlap * base.length));
          });
        });
      }),
    );
  });

  it("lends different samples of a part to different batches while they last", () => {
    const batches = miniBatches(1000, 10, 0.1, new Random(2)); // parts of 100, 9 borrowers of 10
    const part = new Set(batches[0]!.subarray(0, 100));
    const borrowed = batches.slice(1).flatMap((batch) => [...batch].filter((index) => part.has(index)));
    expect(borrowed.length).toBe(90);
    expect(new Set(borrowed).size).toBe(90);
  });

  it("reshuffles by the random stream, and only by it", () => {
    const epoch = (n: number): Int32Array[] =>
      miniBatches(100, 4, 0.1, new Random(1).fork("batches").fork(n));
    expect(epoch(3)).toEqual(epoch(3));
    expect(epoch(3)).not.toEqual(epoch(4));
  });

  it.each([
    [
      10,
      0,
      0,
      "Expected the number of mini-batches to be a whole number from 1 to 10, the number of training samples, got 0.",
    ],
    [
      10,
      11,
      0,
      "Expected the number of mini-batches to be a whole number from 1 to 10, the number of training samples, got 11.",
    ],
    [
      10,
      2.5,
      0,
      "Expected the number of mini-batches to be a whole number from 1 to 10, the number of training samples, got 2.5.",
    ],
    [10, 2, -0.1, "Expected the overlap of mini-batches to lie between 0 and 1, got -0.1."],
    [10, 2, Number.NaN, "Expected the overlap of mini-batches to lie between 0 and 1, got NaN."],
  ])("refuses %d samples in %d batches with overlap %d", (count, batches, overlap, message) => {
    const make = (): Int32Array[] => miniBatches(count, batches, overlap, new Random(0));
    expect(make).toThrow(UsageError);
    expect(make).toThrow(message);
  });
});
