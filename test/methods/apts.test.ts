import { describe, expect, it } from "vitest";
import { distanceInf } from "../../src/linalg/reductions.js";
import { wholeSpace } from "../../src/linalg/space.js";
import type { Vector } from "../../src/linalg/vector.js";
import { additivelyPreconditioned, type AptsOptions } from "../../src/methods/apts.js";
import type { StepReport } from "../../src/methods/method.js";
import { gradient } from "../../src/trust-region/models/gradient.js";
import { globalRule, initialRadius } from "../../src/trust-region/radius.js";
import { trustRegionStep, type TrustRegionResult } from "../../src/trust-region/step.js";
import { onGroup } from "../helpers/comm/groups.js";
import { go } from "../helpers/methods/steps.js";
import {
  CountedObjective,
  evenSplit,
  quadratic,
  rosenbrock,
  saddle,
  TestProblem,
  trigonometric,
  type TestFunction,
} from "../helpers/objectives.js";

/** TCKK23's settings. */
const published: AptsOptions = {
  model: gradient,
  fdl: true,
  localSteps: 5,
  maxTrials: 10,
  tryLonger: false,
  rule: globalRule,
  radius: initialRadius,
};

interface Minimised {
  readonly theta: Vector;
  readonly path: readonly Vector[];
  readonly reports: readonly StepReport[];
  readonly problem: TestProblem;
}

/** Minimises `f` with N subdomains on the ranks of an in-memory group; every rank's outcome. */
function minimise(
  f: TestFunction,
  subdomains: number,
  iterations: number,
  ranks: number,
  options: Partial<AptsOptions> = {},
): Promise<Minimised[]> {
  const decomposition = evenSplit(f.dimension, subdomains);
  return onGroup("memory", ranks, async (comm) => {
    const problem = new TestProblem(f, decomposition);
    const common = { plannedSteps: iterations, stepsPerEpoch: 1, fullBatch: true, tolerance: 0 };
    const context = { comm, decomposition, tensors: [], ...common };
    const method = additivelyPreconditioned(context, { ...published, ...options });
    const outcome = await go(method, method.start(Float32Array.from(f.start)), problem, iterations);
    return { ...outcome, theta: outcome.state.theta, problem };
  });
}

const wide = { rule: { ...published.rule, min: 1e-9, max: 1 }, radius: 0.1 };

describe("apts on analytic functions", () => {
  it.each([
    { f: quadratic(8, 10), subdomains: 4, iterations: 300, below: 1e-4 },
    { f: quadratic(6, 1000), subdomains: 3, iterations: 800, below: 0.05 },
    { f: rosenbrock(2), subdomains: 2, iterations: 4000, below: 0.05 },
    { f: trigonometric(9), subdomains: 3, iterations: 300, below: 1e-4 },
  ])("brings $f.name near its minimum", async ({ f, subdomains, iterations, below }) => {
    const [outcome] = await minimise(f, subdomains, iterations, 1, wide);
    expect(f.value(outcome!.theta)).toBeLessThan(below);
  });

  it("leaves a saddle for a minimum", async () => {
    const [outcome] = await minimise(saddle, 2, 200, 1, wide);
    expect(saddle.value(outcome!.theta)).toBeCloseTo(-0.5, 3);
  });

  it.each([quadratic(8, 100), rosenbrock(4), saddle, trigonometric(9)])(
    "with fdl never lets $name rise",
    async (f) => {
      const [outcome] = await minimise(f, 2, 100, 1);
      const losses = [f.value(Float32Array.from(f.start)), ...outcome!.path.map((x) => f.value(x))];
      losses.slice(1).forEach((loss, k) => {
        expect(loss).toBeLessThanOrEqual(losses[k]!);
      });
    },
  );

  it("keeps the step of one iteration within two radii (local and global step)", async () => {
    const f = rosenbrock(6);
    const [outcome] = await minimise(f, 3, 30, 1, { fdl: false });
    let before: Vector = Float32Array.from(f.start);
    let radius = published.radius;
    for (const [k, x] of outcome!.path.entries()) {
      expect(distanceInf(x, before)).toBeLessThanOrEqual(2 * radius * (1 + 1e-5));
      before = x;
      radius = outcome!.reports[k]!.radius!;
    }
  });

  it("on one subdomain that is everything is TR, two steps an iteration from one radius", async () => {
    const f = rosenbrock(6);
    const [outcome] = await minimise(f, 1, 40, 1, { ...wide, fdl: false, localSteps: 1 });
    const problem = { objective: new CountedObjective(f), space: wholeSpace(f.dimension) };
    const options = { rule: wide.rule, model: gradient, curvature: null, maxTrials: published.maxTrials };
    const trStep = async (x: Vector, radius: number): Promise<TrustRegionResult> => {
      const g = new Float32Array(x.length);
      return trustRegionStep(problem, { x, f: await problem.objective.gradient(x, g), g }, radius, options);
    };
    let theta: Vector = Float32Array.from(f.start);
    let radius = wide.radius;
    for (const [k, next] of outcome!.path.entries()) {
      const half = await trStep(theta, radius); // the subdomain's step
      const whole = await trStep(half.to.x, radius);
      expect(distanceInf(whole.to.x, next)).toBeLessThan(1e-6);
      expect(outcome!.reports[k]).toMatchObject({ accepted: whole.accepted, radius: whole.radius });
      theta = next;
      radius = outcome!.reports[k]!.radius!;
    }
  });

  it.each([1, 2, 3, 4])("gives the same bits on %i ranks", async (ranks) => {
    for (const fdl of [true, false]) {
      const [alone] = await minimise(rosenbrock(10), 5, 25, 1, { fdl });
      for (const outcome of await minimise(rosenbrock(10), 5, 25, ranks, { fdl })) {
        expect(outcome.path).toEqual(alone!.path);
        expect(outcome.reports).toEqual(alone!.reports);
      }
    }
  });
});

describe("apts at the edges", () => {
  it("stays at a stationary point", async () => {
    const f: TestFunction = { ...quadratic(4, 10), start: [1, 1, 1, 1] };
    for (const fdl of [true, false]) {
      const [outcome] = await minimise(f, 2, 3, 1, { fdl });
      expect([...outcome!.theta]).toEqual([1, 1, 1, 1]);
      expect(outcome!.reports.at(-1)).toMatchObject({ accepted: false, loss: 0 });
    }
  });

  it("minimises in one dimension", async () => {
    const [outcome] = await minimise(quadratic(1, 1), 1, 60, 1, wide);
    expect(outcome!.theta[0]).toBeCloseTo(1, 3);
  });

  it.each([true, false])("keeps θ where every other loss is NaN (fdl %s)", async (fdl) => {
    const q = quadratic(4, 10);
    const f: TestFunction = {
      ...q,
      value: (x) => (x.some((v) => v !== 0) ? NaN : q.value(x)),
    };
    const [outcome] = await minimise(f, 2, 3, 1, { fdl });
    expect([...outcome!.theta]).toEqual([0, 0, 0, 0]);
    expect(outcome!.reports.at(-1)!.radius).toBeLessThan(published.radius);
  });

  it("without fdl returns to θ when the gathered step has no finite loss (docs/algorithms.md §4 (d))", async () => {
    // Finite on the axes only: each subdomain finds a decrease, their sum does not exist.
    const q = quadratic(2, 1);
    const f: TestFunction = {
      ...q,
      value: (x) => (x[0] !== 0 && x[1] !== 0 ? Infinity : q.value(x)),
    };
    const [outcome] = await minimise(f, 2, 1, 1, { fdl: false });
    expect([...outcome!.theta]).toEqual([0, 0]);
  });

  it("with fdl turns to the gradient when the gathered step raises the loss", async () => {
    // Each coordinate alone may go up to 0.01 with profit; together they overshoot a narrow valley x + y = 0.01.
    const f: TestFunction = {
      name: "valley",
      dimension: 2,
      start: [0, 0],
      value: (x) => (x[0]! + x[1]! - 0.01) ** 2,
      gradient: (x, out) => out.fill(2 * (x[0]! + x[1]! - 0.01)),
    };
    const [outcome] = await minimise(f, 2, 1, 1);
    expect(f.value(outcome!.theta)).toBeLessThan(1e-4);
  });
});

describe("what an iteration costs", () => {
  it("reuses gradients and losses at points already known (docs/algorithms.md §4 (b), (e))", async () => {
    const [outcome] = await minimise(quadratic(4, 1), 2, 1, 1, { fdl: false });
    const { problem, reports } = outcome!;
    // Far from the minimum: each first local trial takes the whole radius, so that no second local gradient is due.
    expect(problem.localValues).toBe(2);
    expect(problem.localGradients).toBe(0);
    // g(θ), g(θ½), one trial
    expect(problem.objective.gradients).toBe(2);
    expect(problem.objective.values).toBe(1);
    expect(reports[0]!.accepted).toBe(true);
  });
});
