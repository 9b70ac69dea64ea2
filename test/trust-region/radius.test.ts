import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { globalRule, judge } from "../../src/trust-region/radius.js";

describe("judge", () => {
  it.each([
    // actual, predicted, norm, accepted, radius
    {
      name: "a very good step on the boundary grows the radius",
      given: [0.9, 1, 0.02],
      accepted: true,
      radius: 0.04,
    },
    { name: "a very good step inside leaves it", given: [0.9, 1, 0.01], accepted: true, radius: 0.02 },
    { name: "a fair step leaves it", given: [0.5, 1, 0.02], accepted: true, radius: 0.02 },
    {
      name: "a poor decrease is accepted and shrinks it",
      given: [0.1, 1, 0.02],
      accepted: true,
      radius: 0.01,
    },
    { name: "an increase is rejected", given: [-0.1, 1, 0.02], accepted: false, radius: 0.01 },
    { name: "no change is rejected", given: [0, 1, 0.02], accepted: false, radius: 0.01 },
    { name: "NaN is rejected", given: [NaN, 1, 0.02], accepted: false, radius: 0.01 },
    { name: "an infinite loss is rejected", given: [-Infinity, 1, 0.02], accepted: false, radius: 0.01 },
    { name: "an infinite decrease is rejected", given: [Infinity, 1, 0.02], accepted: false, radius: 0.01 },
  ])("$name", ({ given: [actual, predicted, norm], accepted, radius }) => {
    expect(judge(globalRule, 0.02, actual!, predicted!, norm!)).toMatchObject({ accepted, radius });
  });

  it("accepts a rise below what f may rise by, and lets it shrink the radius", () => {
    expect(judge(globalRule, 0.02, -0.1, 1, 0.02, 0.2)).toMatchObject({ accepted: true, radius: 0.01 });
    expect(judge(globalRule, 0.02, -0.1, 1, 0.02, 0.1)).toMatchObject({ accepted: false, radius: 0.01 });
  });

  it("never leaves [Δ_min, Δ_max] once inside", () => {
    const unit = fc.double({ min: -2, max: 2 });
    fc.assert(
      fc.property(
        unit,
        fc.double({ min: 1e-4, max: 1e-1, noNaN: true }),
        fc.double({ min: 0, max: 1 }),
        (actual, radius, share) => {
          const verdict = judge(globalRule, radius, actual, 1, share * radius);
          expect(verdict.radius).toBeGreaterThanOrEqual(globalRule.min);
          expect(verdict.radius).toBeLessThanOrEqual(globalRule.max);
          expect(verdict.accepted).toBe(actual > 0);
        },
      ),
    );
  });
});
