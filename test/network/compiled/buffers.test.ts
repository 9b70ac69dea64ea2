import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { placeBuffers } from "../../../src/network/compiled/buffers.js";

const lifetime = fc
  .tuple(fc.integer({ min: 1, max: 50 }), fc.integer({ min: 0, max: 20 }), fc.integer({ min: 0, max: 20 }))
  .map(([size, a, b]) => ({ size, from: Math.min(a, b), to: Math.max(a, b) }));

describe("placeBuffers", () => {
  it("never lets two buffers overlap in time and place", () => {
    fc.assert(
      fc.property(fc.array(lifetime, { maxLength: 12 }), (buffers) => {
        const { offsets, total } = placeBuffers(buffers);
        buffers.forEach((a, i) => {
          expect(offsets[i]! + a.size).toBeLessThanOrEqual(total);
          buffers.forEach((b, j) => {
            const together = i !== j && a.from <= b.to && b.from <= a.to;
            const apart = offsets[i]! + a.size <= offsets[j]! || offsets[j]! + b.size <= offsets[i]!;
            expect(!together || apart).toBe(true);
          });
        });
      }),
    );
  });

  it("gives buffers that follow one another the same place", () => {
    const { offsets, total } = placeBuffers([
      { size: 10, from: 0, to: 1 },
      { size: 10, from: 2, to: 3 },
      { size: 4, from: 1, to: 2 },
    ]);
    expect(offsets).toEqual([0, 0, 10]);
    expect(total).toBe(14);
  });
});
