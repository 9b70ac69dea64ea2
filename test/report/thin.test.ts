import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { thinned } from "../../src/report/thin.js";

describe("thinned points", () => {
  it("are all of few, and of many at most so many in their order, with the ends, the smallest and the largest", () => {
    expect(thinned(3, 10, () => 0)).toEqual([0, 1, 2]);
    const values = fc.array(fc.double({ noNaN: true }), { minLength: 5, maxLength: 400 });
    fc.assert(
      fc.property(values, fc.integer({ min: 4, max: 50 }), (all, most) => {
        const kept = thinned(all.length, most, (index) => all[index]!);
        expect(kept.length).toBeLessThanOrEqual(Math.max(most, 0));
        expect([...new Set(kept)].sort((a, b) => a - b)).toEqual(kept);
        expect([kept[0], kept.at(-1)]).toEqual([0, all.length - 1]);
        const of = (indices: readonly number[]) => indices.map((index) => all[index]!);
        expect(Math.min(...of(kept))).toBe(Math.min(...all));
        expect(Math.max(...of(kept))).toBe(Math.max(...all));
      }),
    );
  });
});
