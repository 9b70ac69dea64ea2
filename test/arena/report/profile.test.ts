import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { ComparedWorkload } from "../../../src/arena/report/compared.js";
import { outcomesOf } from "../../../src/arena/report/outcomes.js";
import { LAST_TAU, ratiosBy, rho, score, type Ratio } from "../../../src/arena/report/profile.js";
import type { Target, Trial } from "../../../src/arena/trial.js";

const target: Target = { metric: "testLoss", value: 0.1, direction: "min" };
const NEVER = Infinity;

/** Profiles by seconds of methods whose seeds reach the target of each workload at those times: [method][workload][seed]. */
function ratiosOf(times: readonly (readonly (readonly number[])[])[]): Ratio[][] {
  const workloads: ComparedWorkload[] = times[0]!.map((_, index) => ({
    name: `w${index}`,
    targets: [target],
    budget: {},
    options: {},
  }));
  const methods = times.map((_, index) => ({ name: `m${index}`, options: {} }));
  const trials = times.flatMap((ofMethod, method) =>
    ofMethod.flatMap((seeds, workload) =>
      seeds.map((seconds, seed): Trial => {
        const at = { epochs: 1, gradients: 1, steps: 1 };
        const reached = { ...at, seconds, values: { testLoss: 0.1 } };
        const measurements = seconds === NEVER ? [] : [reached];
        return { workload: `w${workload}`, method: `m${method}`, candidate: {}, seed, measurements };
      }),
    ),
  );
  const compared = { workloads, methods, trials, about: {} };
  return ratiosBy("seconds", compared, outcomesOf(compared));
}

/** ∫₁⁴ ρ(τ)dτ / 3 by the trapezium rule on a fine grid, as AlgoPerf's code integrates (on 100 points). */
function byTrapezia(ratios: readonly Ratio[], points: number): number {
  const values = Array.from({ length: points }, (_, i) => rho(ratios, 1 + (3 * i) / (points - 1)));
  return values.slice(1).reduce((sum, value, i) => sum + (value + values[i]!) / 2 / (points - 1), 0);
}

describe("performance profiles", () => {
  it("are those computed by hand", () => {
    // w0: 10, 20, –; w1: 30, 15, 60 (medians); w2: nobody; w3: the first alone.
    const ratios = ratiosOf([
      [[10, 8, 12], [30], [NEVER], [7, 7, NEVER]],
      [[20], [15], [NEVER], [7, NEVER, NEVER]],
      [[NEVER], [60], [NEVER], [NEVER]],
    ]);
    expect(ratios.map((one) => one.map(({ ratio }) => ratio))).toEqual([
      [1, 2, Infinity, 1],
      [2, 1, Infinity, Infinity],
      [Infinity, 4, Infinity, Infinity],
    ]);
    expect([1, 1.99, 2, 4].map((tau) => rho(ratios[0]!, tau))).toEqual([0.5, 0.5, 0.75, 0.75]);
    expect(ratios.map(score)).toEqual([
      expect.closeTo((3 + 2 + 0 + 3) / 12, 12) as number,
      expect.closeTo((2 + 3) / 12, 12) as number,
      0, // four times the best is the end of the range
    ]);
  });

  it("weigh the targets of a workload as one", () => {
    const workloads = [
      { name: "a", targets: [target, { ...target, value: 0.05 }], budget: {}, options: {} },
      { name: "b", targets: [target], budget: {}, options: {} },
    ];
    const measurements = [{ seconds: 1, epochs: 1, gradients: 1, steps: 1, values: { testLoss: 0.1 } }];
    const trials = ["a", "b"].map((workload) => ({
      ...{ workload, method: "m", candidate: {}, seed: 0, measurements },
    }));
    const compared = { workloads, methods: [{ name: "m", options: {} }], trials, about: {} };
    expect(score(ratiosBy("seconds", compared, outcomesOf(compared))[0]!)).toBeCloseTo(0.75, 12);
  });

  const time = fc.oneof(fc.double({ min: 0.01, max: 100, noNaN: true }), fc.constant(NEVER));
  const table = fc
    .record({ methods: fc.integer({ min: 1, max: 5 }), workloads: fc.integer({ min: 1, max: 6 }) })
    .chain(({ methods, workloads }) =>
      fc.array(
        fc.array(fc.array(time, { minLength: 1, maxLength: 3 }), {
          minLength: workloads,
          maxLength: workloads,
        }),
        { minLength: methods, maxLength: methods },
      ),
    );

  it("rise from 0 or more to 1 at most, with the integral that a fine grid has", () => {
    fc.assert(
      fc.property(table, (times) => {
        for (const ratios of ratiosOf(times)) {
          const values = [1, 1.5, 2, 3, LAST_TAU, 1e9].map((tau) => rho(ratios, tau));
          expect(values).toEqual(values.toSorted((a, b) => a - b));
          expect(values[0]).toBeGreaterThanOrEqual(0);
          expect(values.at(-1)).toBeLessThanOrEqual(1 + 1e-12);
          expect(Math.abs(score(ratios) - byTrapezia(ratios, 3001))).toBeLessThan(1e-3);
        }
      }),
      { numRuns: 50 },
    );
  });

  it("give a method alone 1 where it reaches all, and a second one nothing by dividing all times", () => {
    const reached = fc.array(fc.double({ min: 0.01, max: 100, noNaN: true }), {
      minLength: 1,
      maxLength: 6,
    });
    fc.assert(
      fc.property(reached, (times) => {
        expect(score(ratiosOf([times.map((one) => [one])])[0]!)).toBeCloseTo(1, 12);
        const [slow, fast] = ratiosOf([times.map((one) => [one]), times.map((one) => [one / 5])]).map(score);
        expect(slow).toBe(0);
        expect(fast).toBeCloseTo(1, 12);
      }),
    );
  });

  it("do not depend on the unit of time or the order of methods", () => {
    fc.assert(
      fc.property(table, (times) => {
        const scores = ratiosOf(times).map(score);
        const reversed = ratiosOf(times.toReversed()).map(score).reverse();
        expect(reversed).toEqual(scores);
        const doubled = times.map((rows) => rows.map((seeds) => seeds.map((one) => 8 * one)));
        expect(ratiosOf(doubled).map(score)).toEqual(scores);
      }),
    );
  });

  it("has at each reached target a method whose ratio is 1", () => {
    fc.assert(
      fc.property(table, (times) => {
        const ratios = ratiosOf(times);
        times[0]!.forEach((_, workload) => {
          const best = Math.min(...ratios.map((one) => one[workload]!.ratio));
          expect([1, Infinity]).toContain(best);
        });
      }),
    );
  });
});
