import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { Vector } from "../../src/linalg/vector.js";
import { strongWolfe, type Value } from "../../src/methods/lbfgs-line-search.js";
import type { State } from "../../src/methods/method.js";
import { createMethod, go } from "../helpers/methods/steps.js";
import {
  evenSplit,
  quadratic,
  rosenbrock,
  TestProblem,
  trigonometric,
  type TestFunction,
} from "../helpers/objectives.js";

type Phi = (t: number) => Value;

/** Runs the search on φ; the length chosen and the lengths tried. */
function search(phi: Phi, first: number): { chosen: number; tried: number[] } {
  const steps = strongWolfe(phi(0), first, 1e-12);
  const tried: number[] = [];
  let wish = steps.next();
  while (!wish.done) {
    tried.push(wish.value);
    wish = steps.next(phi(wish.value));
  }
  return { chosen: wish.value, tried };
}

function isStrongWolfe(phi: Phi, t: number): boolean {
  const [at0, at] = [phi(0), phi(t)];
  return at.f <= at0.f + 1e-4 * t * at0.slope && Math.abs(at.slope) <= 0.9 * Math.abs(at0.slope);
}

describe("strongWolfe", () => {
  const first = fc.double({ min: 1e-6, max: 1e6, noNaN: true });

  it("satisfies its conditions on parabolas of any scale, from any first trial", () => {
    const factor = fc.double({ min: -4, max: 4, noNaN: true }).map((power) => 10 ** power);
    fc.assert(
      fc.property(factor, factor, first, (curvature, minimum, t0) => {
        const phi: Phi = (t) => ({
          f: 0.5 * curvature * (t - minimum) ** 2,
          slope: curvature * (t - minimum),
        });
        expect(isStrongWolfe(phi, search(phi, t0).chosen)).toBe(true);
      }),
    );
  });

  // More and Thuente's test functions (ACM TOMS 20 (1994), §5): long concave pieces, noise, sharp bends.
  const beta = 0.004;
  const wiggly: Phi = (t) => ({
    f: t <= 0.99 ? 1 - t + sine(t) : t >= 1.01 ? t - 1 + sine(t) : (t - 1) ** 2 / 0.02 + 0.005 + sine(t),
    slope: (t <= 0.99 ? -1 : t >= 1.01 ? 1 : (t - 1) / 0.01) + 0.99 * Math.cos((39 * Math.PI * t) / 2),
  });
  const sine = (t: number): number => (0.99 * 2 * Math.sin((39 * Math.PI * t) / 2)) / (39 * Math.PI);
  it.each<[string, Phi]>([
    ["−t/(t² + 2)", (t) => ({ f: -t / (t * t + 2), slope: (t * t - 2) / (t * t + 2) ** 2 })],
    [
      "(t + β)⁵ − 2(t + β)⁴",
      (t) => ({ f: (t + beta) ** 5 - 2 * (t + beta) ** 4, slope: 5 * (t + beta) ** 4 - 8 * (t + beta) ** 3 }),
    ],
    ["a kink with waves", wiggly],
    ["eᵗ − 4t", (t) => ({ f: Math.exp(t) - 4 * t, slope: Math.exp(t) - 4 })],
  ])("satisfies its conditions on %s", (_, phi) => {
    for (const t0 of [1e-3, 0.1, 1, 10, 1000]) {
      const { chosen, tried } = search(phi, t0);
      expect(isStrongWolfe(phi, chosen)).toBe(true);
      expect(tried.at(-1)).toBe(chosen); // its gradient is known
    }
  });

  it("takes the first trial where that will do", () => {
    const phi: Phi = (t) => ({ f: (t - 1) ** 2, slope: 2 * (t - 1) });
    expect(search(phi, 1)).toEqual({ chosen: 1, tried: [1] });
  });

  it.each([NaN, Infinity])("comes back from where the loss is %d", (bad) => {
    const phi: Phi = (t) =>
      t > 0.01 ? { f: bad, slope: NaN } : { f: (t - 0.008) ** 2, slope: 2 * (t - 0.008) };
    expect(isStrongWolfe(phi, search(phi, 1).chosen)).toBe(true);
  });

  it("gives up on a function that only rises, and on one that falls for ever", () => {
    const rising = search((t) => ({ f: t, slope: -1 }), 1); // its slope lies
    expect(rising.chosen).toBe(0);
    expect(rising.tried.length).toBeLessThanOrEqual(25);
    const falling = search((t) => ({ f: -t, slope: -1 }), 1);
    expect(falling.tried.length).toBeLessThanOrEqual(25);
    expect(falling.chosen).toBe(falling.tried.at(-1));
  });
});

describe("lbfgs", () => {
  const make = (f: TestFunction, pairs = 10) => {
    const decomposition = evenSplit(f.dimension, 1);
    const method = createMethod("lbfgs", { pairs }, { decomposition });
    const problem = new TestProblem(f, decomposition);
    return { method, problem, state: method.start(Float32Array.from(f.start)) };
  };
  const pairsOf = (state: State) => (state as State & { pairs: { s: Vector; y: Vector }[] }).pairs;

  it.each([
    { f: quadratic(8, 10), steps: 30 },
    { f: quadratic(20, 1e4), steps: 400 },
    { f: rosenbrock(2), steps: 60 },
    { f: rosenbrock(20), steps: 80 },
    { f: trigonometric(10), steps: 40 },
  ])("minimises $f.name in $steps steps", async ({ f, steps }) => {
    const { method, problem, state } = make(f);
    let loss = f.value(state.theta);
    for (const report of (await go(method, state, problem, steps)).reports) {
      expect(report.loss).toBeLessThanOrEqual(loss);
      loss = report.loss;
    }
    expect(loss).toBeLessThan(1e-6);
  });

  it("reuses the gradient its search ended with", async () => {
    const { method, problem, state } = make(quadratic(8, 10));
    await go(method, state, problem, 10);
    expect(problem.objective.gradients).toBeLessThanOrEqual(1 + 14);
    expect(problem.objective.values).toBe(0);
  });

  it("stays where it is, without evaluations to spare, once it has arrived", async () => {
    const { method, problem, state } = make(quadratic(4, 2));
    const arrived = await go(method, state, problem, 20);
    const { theta } = arrived.state;
    const before = problem.objective.gradients;
    const after = await method.step(arrived.state, problem);
    expect(after.report.accepted).toBe(false);
    expect(after.state.theta).toBe(theta);
    expect(problem.objective.gradients).toBe(before);
  });

  it("learns curvature of each batch by itself, never from the difference of two", async () => {
    // Two batches with one Hessian and far away minima: every pair then has y = 2s, whatever the batch.
    const batch = (centre: number): TestFunction => ({
      name: `bowl around ${centre}`,
      dimension: 2,
      start: [3, -1],
      value: (x) => (x[0]! - centre) ** 2 + x[1]! ** 2,
      gradient: (x, out) => {
        out[0] = 2 * (x[0]! - centre);
        out[1] = 2 * x[1]!;
      },
    });
    const { method, problem, state } = make(batch(0));
    const other = new TestProblem(batch(100), evenSplit(2, 1));
    const after = await go(method, state, (k) => (k % 2 === 0 ? problem : other), 6);
    const pairs = pairsOf(after.state);
    expect(pairs.length).toBeGreaterThan(2);
    for (const { s, y } of pairs) {
      s.forEach((value, j) => {
        expect(y[j]).toBeCloseTo(2 * value, 3);
      });
    }
  });

  it("keeps no more pairs than it may", async () => {
    const { method, problem, state } = make(rosenbrock(6), 3);
    expect(pairsOf((await go(method, state, problem, 10)).state).length).toBe(3);
  });
});
