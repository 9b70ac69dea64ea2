import { describe, expect, it } from "vitest";
import { wholeSpace } from "../../src/linalg/space.js";
import { gradient } from "../../src/trust-region/models/gradient.js";
import type { Point } from "../../src/trust-region/point.js";
import { globalRule } from "../../src/trust-region/radius.js";
import {
  trustRegionStep,
  type TrustRegionOptions,
  type TrustRegionResult,
} from "../../src/trust-region/step.js";
import { CountedObjective, quadratic, type TestFunction } from "../helpers/objectives.js";

const options: TrustRegionOptions = { rule: globalRule, model: gradient, curvature: null, maxTrials: 10 };

/** One step from x, where f and ∇f are what they claim to be. */
function stepFrom(
  objective: CountedObjective,
  x: readonly number[],
  claims: { readonly f: number; readonly g: readonly number[] },
  radius: number,
  changed: Partial<TrustRegionOptions> = {},
): Promise<TrustRegionResult> {
  const at = { x: Float32Array.from(x), f: claims.f, g: Float32Array.from(claims.g) };
  const problem = { objective, space: wholeSpace(x.length) };
  return trustRegionStep(problem, at, radius, { ...options, ...changed });
}

describe("trustRegionStep", () => {
  it("costs one loss when the first trial is accepted", async () => {
    const f = new CountedObjective(quadratic(4, 10));
    const x = Float32Array.of(0, 0, 0, 0);
    const g = new Float32Array(4);
    const f0 = await f.gradient(x, g);
    const problem = { objective: f, space: wholeSpace(4) };
    const result = await trustRegionStep(problem, { x, f: f0, g }, 0.01, options);
    expect(result.accepted).toBe(true);
    expect(result.to.f).toBeLessThan(f0);
    expect(f.values).toBe(1);
    expect([...x]).toEqual([0, 0, 0, 0]);
  });

  it("shrinks the radius until a trial is accepted, without a new gradient", async () => {
    const f = new CountedObjective(quadratic(1, 1)); // minimum at 1
    const x = Float32Array.of(0.99);
    const g = new Float32Array(1);
    const f0 = await f.gradient(x, g);
    const problem = { objective: f, space: wholeSpace(1) };
    const result = await trustRegionStep(problem, { x, f: f0, g }, 0.1, options);
    // 0.1, 0.05, 0.025 overshoot to a higher loss; 0.0125 does not
    expect(f.values).toBe(4);
    expect(f.gradients).toBe(1);
    expect(result).toMatchObject({ accepted: true });
    expect(result.radius).toBe(0.0125); // ρ = 0.75 − …: neither shrunk nor grown
  });

  it("tries below Δ_min, from which the next step starts", async () => {
    const f = new CountedObjective(upOnly);
    const result = await stepFrom(f, [0], { f: 0, g: [1] }, 4e-4);
    expect(f.values).toBe(10); // 4e-4, 2e-4, 1e-4 = Δ_min, … 7.8e-7
    expect(result).toMatchObject({ accepted: false, to: { f: 0 }, radius: globalRule.min });
    expect(result.missed![0]).toBeCloseTo(-4e-4 / 2 ** 9, 12);
  });

  it("gets along where the curvature is too large for steps of Δ_min", async () => {
    const steep: TestFunction = {
      name: "steep",
      dimension: 1,
      start: [4e-5],
      value: (x) => 5e4 * x[0]! ** 2,
      gradient: (x, out) => (out[0] = 1e5 * x[0]!),
    };
    const start = Float32Array.from(steep.start);
    let at: Point = { x: start, f: steep.value(start) };
    expect(steep.value(Float32Array.of(4e-5 - globalRule.min))).toBeGreaterThan(at.f);
    const g = new Float32Array(1);
    let radius: number = globalRule.min;
    for (let k = 0; k < 20; k++) {
      steep.gradient(at.x, g);
      if (k === 0) expect(g[0]).toBeGreaterThan(1);
      const problem = { objective: new CountedObjective(steep), space: wholeSpace(1) };
      const result = await trustRegionStep(problem, { ...at, g }, radius, options);
      expect(result.radius).toBeGreaterThanOrEqual(globalRule.min);
      ({ radius } = result);
      at = result.to;
    }
    expect(Math.abs(g[0]!)).toBeLessThan(0.1);
  });

  it("ends where float32 cannot tell a trial from the point", async () => {
    const f = new CountedObjective({ ...upOnly, value: () => 0 });
    const result = await stepFrom(f, [1], { f: 0, g: [1] }, 1e-7, { maxTrials: 100 });
    expect(f.values).toBe(2); // 1 − 1e-7 and 1 − 5e-8 are below 1, 1 − 2.5e-8 is 1
    expect(result.accepted).toBe(false);
  });

  it("makes no more than maxTrials trials", async () => {
    const f = new CountedObjective(upOnly);
    await stepFrom(f, [0], { f: 0, g: [1] }, 1, { rule: { ...globalRule, min: 0 }, maxTrials: 7 });
    expect(f.values).toBe(7);
  });

  it("takes a NaN loss for a rejection", async () => {
    const f = new CountedObjective({ ...upOnly, value: () => NaN });
    const result = await stepFrom(f, [0], { f: 0, g: [1] }, 1e-3);
    expect(result.accepted).toBe(false);
    expect([...result.to.x]).toEqual([0]);
  });

  it.each([
    { radius: 0.66, losses: 2, to: 1.32 }, // ρ = 1 − radius / 2
    { radius: 0.67, losses: 1, to: 0.67 },
  ])(
    "tries twice a radius of $radius only where a parabola is lower there",
    async ({ radius, losses, to }) => {
      const f = new CountedObjective({ ...upOnly, value: (x) => (x[0]! - 1) ** 2 / 2 });
      const rule = { ...globalRule, max: 10 };
      const result = await stepFrom(f, [0], { f: 0.5, g: [-1] }, radius, { rule, tryLonger: true });
      expect(f.values).toBe(losses);
      expect(result.to.x[0]).toBeCloseTo(to, 6);
    },
  );

  it("accepts a rise below f_ref, with a radius by what f itself does", async () => {
    const f = new CountedObjective(upOnly);
    const result = await stepFrom(f, [0], { f: 0, g: [1] }, 0.01, { reference: 0.02 });
    expect(result).toMatchObject({ accepted: true, radius: 0.005 });
    expect(f.values).toBe(1);
  });

  it("stays at a stationary point without a trial", async () => {
    const f = new CountedObjective(upOnly);
    const result = await stepFrom(f, [0], { f: 0, g: [0] }, 1e-3);
    expect(f.values).toBe(0);
    expect(result).toMatchObject({ accepted: false, radius: 1e-3 });
  });
});

/** Rises in every direction from 0, whatever its gradient claims. */
const upOnly: TestFunction = {
  name: "up only",
  dimension: 1,
  start: [0],
  value: (x) => Math.abs(x[0]!),
  gradient: (_, out) => out.fill(1),
};
