import { describe, expect, it } from "vitest";
import { distributedSpace } from "../../src/comm/vector-space.js";
import { distanceInf, dot, innerProductsWithTwo, normInf, same } from "../../src/linalg/space.js";
import { onGroup } from "../helpers/comm/groups.js";
import { expectSameBits } from "../helpers/same-bits.js";

describe.each([1, 2, 3, 5])("the space of vectors cut over %i ranks", (ranks) => {
  /** On rank r, of vectors with two entries a rank. */
  const onRanks = <T>(body: (space: ReturnType<typeof distributedSpace>, r: number) => Promise<T>) =>
    onGroup("memory", ranks, (comm) => body(distributedSpace(comm, 2 * ranks), comm.rank));
  const each = (of: (r: number) => number): number[] => Array.from({ length: ranks }, (_, r) => of(r));

  it("completes sums and maxima, many at once, with the same bits everywhere", async () => {
    const found = await onRanks(async (space, r) => {
      expect(space.dimension).toBe(2 * ranks);
      const partials = [1 / (r + 3), 5 - r, r * r];
      return [
        await space.sum(Float64Array.from(partials)),
        await space.max(Float64Array.from(partials)),
        await space.sum(new Float64Array(0)),
      ];
    });
    for (const one of found) expectSameBits(one, found[0]);
    const [sums, maxima] = found[0]!;
    expect(sums![0]).toBeCloseTo(
      each((r) => 1 / (r + 3)).reduce((a, b) => a + b),
      14,
    );
    expect([...maxima!]).toEqual([1 / 3, 5, (ranks - 1) ** 2]);
  });

  it("says NaN on every rank where one has it, whichever", async () => {
    for (let bad = 0; bad < ranks; bad++) {
      const found = await onRanks(async (space, r) => {
        const partials = Float64Array.of(r === bad ? NaN : r, r);
        return [[...(await space.max(partials.slice()))], [...(await space.sum(partials))]];
      });
      const total = each((r) => r).reduce((a, b) => a + b);
      for (const one of found)
        expect(one).toEqual([
          [NaN, ranks - 1],
          [NaN, total],
        ]);
    }
  });

  it("has the products and norms of the whole", async () => {
    const found = await onRanks(async (space, r) => {
      const [a, b] = [Float32Array.of(r + 1, -1), Float32Array.of(2, r)];
      const two = await innerProductsWithTwo(space, [a, b], a, b);
      return {
        dot: await dot(space, a, b),
        two: two.map((products) => [...products]),
        normInf: await normInf(space, a),
        distance: await distanceInf(space, a, b),
        same: await same(space, a, a),
        other: await same(space, a, r === ranks - 1 ? b : a),
      };
    });
    const sum = (of: (r: number) => number): number => each(of).reduce((a, b) => a + b);
    const ab = sum((r) => r + 2);
    for (const one of found) {
      expect(one).toEqual({
        dot: ab,
        two: [
          [sum((r) => (r + 1) ** 2 + 1), ab],
          [ab, sum((r) => 4 + r * r)],
        ],
        normInf: ranks,
        distance: Math.max(...each((r) => Math.max(Math.abs(r - 1), r + 1))),
        same: true,
        other: false,
      });
    }
  });
});
