import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { error, linear, logarithmic, placedBy, share } from "../../../src/report/page/browser/scale.js";

const inside = fc
  .tuple(fc.double({ min: -6, max: 6, noNaN: true }), fc.double({ min: 1e-3, max: 8, noNaN: true }))
  .map(([low, width]) => [low, low + width] as const);

describe("the axes of a page", () => {
  it.each([
    ["linear", linear, [-3, 0, 0.1, 12345]],
    ["logarithmic", logarithmic, [1e-6, 1, 4000]],
    ["of shares", share, [0, 0.5, 1]],
    ["of errors", error, [0, 0.5, 0.97, 0.999]],
  ] as const)("%s give back the value of a place", (_, scale, values) => {
    for (const value of values) expect(scale.from(scale.to(value))).toBeCloseTo(value, 9);
  });

  it("have no place for what has no logarithm, and one for no error at all", () => {
    expect(logarithmic.to(0)).toBeNaN();
    expect(logarithmic.to(-1)).toBeNaN();
    expect(error.to(1)).toBeGreaterThan(error.to(0.9998));
  });

  it("know where values lie, once for each scale", () => {
    const values = Float32Array.of(100, NaN, 0, 1000, Infinity);
    const placed = placedBy(logarithmic, values);
    expect(placed).toEqual({ at: Float64Array.of(2, NaN, NaN, 3, Infinity), low: 2, high: 3 });
    expect(placedBy(linear, values)).toMatchObject({ low: 0, high: 1000 });
    expect(placedBy(logarithmic, values)).toBe(placed);
  });

  it.each([
    ["linear", linear, 6],
    ["logarithmic", logarithmic, 6],
    ["of errors", error, 6],
  ] as const)(
    "%s have some ticks within any stretch, in their order, each at what it says",
    (_, scale, count) => {
      fc.assert(
        fc.property(inside, ([low, high]) => {
          const [from, to] = scale === error ? [0.01, 0.02 + (high - low) / 2] : [low, high];
          const ticks = scale.ticks(from, to, count);
          expect(ticks.length).toBeGreaterThan(1);
          expect(ticks.length).toBeLessThan(3 * count);
          const places = ticks.map(({ at }) => at);
          expect([...places].sort((a, b) => a - b)).toEqual(scale === error ? [...places].reverse() : places);
          for (const at of places) {
            expect(at).toBeGreaterThanOrEqual(from - 1e-9);
            expect(at).toBeLessThanOrEqual(to + 1e-9);
          }
          expect(new Set(ticks.map(({ text }) => text)).size).toBe(ticks.length);
        }),
      );
    },
  );

  it("write shares in per cent", () => {
    expect(error.ticks(1, 2, 4).map(({ text }) => text)).toContain("99");
    expect(share.text(0.9731)).toBe("97.31 %");
  });
});
