import { describe, expect, it } from "vitest";
import { normInf } from "../../src/linalg/reductions.js";
import type { Vector } from "../../src/linalg/vector.js";
import type { Method, State } from "../../src/methods/method.js";
import { methodNamed, methods } from "../../src/methods/registry.js";
import type { TrustRegionState } from "../../src/methods/surroundings.js";
import { afterStep, endOf, noProgress } from "../../src/run/progress.js";
import { createMethod, go } from "../helpers/methods/steps.js";
import { evenSplit, quadratic, TestProblem, type TestFunction } from "../helpers/objectives.js";

interface Begin {
  readonly f: TestFunction;
  readonly options?: object;
  readonly fullBatch?: boolean;
  readonly tolerance?: number;
}

function start(
  name: string,
  { f, options = {}, fullBatch = true, tolerance = 0 }: Begin,
): { method: Method; state: State } {
  const decomposition = evenSplit(f.dimension, 2);
  const method = createMethod(name, options, { decomposition, plannedSteps: 5000, fullBatch, tolerance });
  return { method, state: method.start(Float32Array.from(f.start)) };
}

/** The pairs that L-SR1 has learnt. */
function pairsOf(state: State): { readonly s: readonly Vector[]; readonly y: readonly Vector[] } {
  const { pairs } = (state as TrustRegionState).curvature as {
    pairs: { s: readonly Vector[]; y: readonly Vector[] };
  };
  return pairs;
}

/** Steps on one batch as a run makes them, until they lead nowhere. */
async function untilTheEnd(name: string, begin: Begin, most: number) {
  const { method, ...started } = start(name, begin);
  let { state } = started;
  const problem = new TestProblem(begin.f, evenSplit(begin.f.dimension, 2));
  const context = { fullBatch: true, tolerance: begin.tolerance ?? 0 };
  let progress = noProgress;
  let steps = 0;
  let before = state.theta;
  while (endOf(progress, context) === undefined && steps < most) {
    before = state.theta;
    const after = await method.step(state, problem);
    ({ state } = after);
    progress = await afterStep(problem.space, progress, after.report, before, state.theta);
    steps++;
  }
  return { ended: endOf(progress, context), steps, before, theta: state.theta };
}

const names = methods.map(({ name }) => name);
const hasRadius = names.filter((name) => "radius" in methodNamed(name).options);

/** Rates, or factors of them, with which first-order rules come near the minimum of a quadratic within a few thousand steps. */
function optionsOf(method: string): object {
  const has = methodNamed(method).options;
  if (!("learningRate" in has)) return {};
  const rate = { lion: 1e-3, "schedule-free-plus": 2 }[method] ?? 0.01;
  return { learningRate: rate, ...("adamRate" in has && { adamRate: rate }), weightDecay: 0 };
}

describe.each(names)("%s on the full batch", (method) => {
  it("ends where the gradient is within the tolerance, at that very point", async () => {
    const f = quadratic(4, 10);
    const tolerance = 0.05;
    const begin = { f, tolerance, options: optionsOf(method) };
    const { ended, steps, before, theta } = await untilTheEnd(method, begin, 5000);
    expect(ended).toBe("converged");
    expect(steps).toBeGreaterThan(3);
    expect(theta).toBe(before);
    const g = new Float32Array(4);
    f.gradient(theta, g);
    expect(normInf(g)).toBeLessThanOrEqual(tolerance);
  });

  it("makes no step from a point whose gradient is not finite, and does not remember it", async () => {
    const f = quadratic(4, 10);
    let bad = true;
    const gradient = (x: Vector, out: Vector): void => {
      f.gradient(x, out);
      if (bad) out[1] = NaN;
    };
    const poisoned = { ...f, gradient };
    const begin = { options: optionsOf(method), fullBatch: false };
    const batch = (of: TestFunction, k: number) => new TestProblem(of, evenSplit(4, 2), `batch ${k}`);
    const clean = start(method, { ...begin, f });
    const infected = start(method, { ...begin, f: poisoned });
    const first = await infected.method.step(infected.state, batch(poisoned, 0));
    expect(first.report).toMatchObject({ accepted: false, gradientNorm: NaN });
    bad = false;
    const after = await go(infected.method, first.state, (k) => batch(poisoned, k + 1), 5);
    const expected = await go(clean.method, clean.state, (k) => batch(f, k + 1), 5);
    expect(after.state.theta).toEqual(expected.state.theta);
  });
});

describe.each([...hasRadius, "lbfgs"])("%s", (method) => {
  it("has stalled after five iterations that accept nothing", async () => {
    // Rises in every direction, whatever its gradient claims.
    const f: TestFunction = {
      name: "up only",
      dimension: 2,
      start: [1, 1],
      value: (x) => Math.abs(x[0]! - 1) + Math.abs(x[1]! - 1),
      gradient: (_, out) => out.fill(1),
    };
    const { ended, steps, theta } = await untilTheEnd(method, { f }, 100);
    expect([ended, steps, ...theta]).toEqual(["stalled", 5, 1, 1]);
  });
});

describe("a gradient that is not finite", () => {
  it("at the gathered point leaves the adam direction of apts without fdl as it was", async () => {
    // NaN beyond x + y = 1.5: what the two subdomains do is fine for each and NaN together.
    const isOut = (x: Vector): boolean => x[0]! + x[1]! > 1.55;
    const f: TestFunction = {
      name: "cliff",
      dimension: 2,
      start: [0.7, 0.7],
      value: (x) => (isOut(x) ? NaN : (x[0]! - 5) ** 2 + (x[1]! - 5) ** 2),
      gradient: (x, out) => {
        out[0] = isOut(x) ? NaN : 2 * (x[0]! - 5);
        out[1] = isOut(x) ? NaN : 2 * (x[1]! - 5);
      },
    };
    const options = { direction: "adam", fdl: false, radius: 0.1 };
    const { method, state } = start("apts", { f, options });
    const outcome = await go(method, state, new TestProblem(f, evenSplit(2, 2)), 10);
    const losses = outcome.reports.map(({ loss }) => loss);
    const { m, v } = (outcome.state as TrustRegionState).curvature as { m: Vector; v: Vector };
    expect([...m, ...v].every(Number.isFinite)).toBe(true);
    expect(losses.every(Number.isFinite)).toBe(true);
    expect(losses.at(-1)).toBeLessThan(losses[0]!);
  });
});

describe("tr --direction l-sr1 on mini-batches", () => {
  /** Two batches, whose minima differ. */
  const batches = [quadratic(5, 50), { ...quadratic(5, 50), ...shifted(quadratic(5, 7), 0.4) }];

  function shifted(f: TestFunction, by: number): TestFunction {
    const moved = (x: Vector): Vector => x.map((value) => value + by);
    return {
      ...f,
      value: (x) => f.value(moved(x)),
      gradient: (x, out) => {
        f.gradient(moved(x), out);
      },
    };
  }

  async function path(direction: string): Promise<{ theta: Vector[]; state: State }> {
    const options = { direction, pairs: 20 };
    const { method, state } = start("tr", { f: batches[0]!, options, fullBatch: false });
    const on = (k: number) => new TestProblem(batches[k % 2]!, evenSplit(5, 1), `batch ${k % 2}`);
    const first = state.theta;
    const after = await go(method, state, on, 8);
    return { theta: [first, ...after.path], state: after.state };
  }

  it("stores the pair of each step, its gradients of one and the same batch", async () => {
    const { theta, state } = await path("l-sr1");
    const stored = pairsOf(state);
    const pairs = theta.slice(1).map((to, k) => {
      const [before, after] = [new Float32Array(5), new Float32Array(5)];
      batches[k % 2]!.gradient(theta[k]!, before);
      batches[k % 2]!.gradient(to, after);
      return {
        s: to.map((value, i) => value - theta[k]![i]!),
        y: after.map((value, i) => value - before[i]!),
      };
    });
    expect(stored.s.length).toBeGreaterThan(3);
    stored.s.forEach((s, j) => {
      const pair = pairs.find((one) => one.s.every((value, i) => value === s[i]));
      expect(stored.y[j]).toEqual(pair?.y);
    });
  });

  it("leaves the path of order 1 once there is a pair", async () => {
    const [second, first] = [await path("l-sr1"), await path("gradient")];
    expect(second.theta[1]).toEqual(first.theta[1]);
    expect(second.theta[2]).not.toEqual(first.theta[2]);
  });
});

describe("a step rejected at its smallest radius", () => {
  it("still teaches L-SR1 the pair of its last trial (NW06 Algorithm 6.2)", async () => {
    // Its gradient at the start says down, but it rises in every direction there.
    const f: TestFunction = {
      name: "up only",
      dimension: 2,
      start: [0, 0],
      value: (x) => Math.abs(x[0]!) + Math.abs(x[1]!),
      gradient: (x, out) => {
        out[0] = x[0]! < 0 ? -2 : 1;
        out[1] = x[1]! < 0 ? -1 : 1;
      },
    };
    for (const name of ["tr", "apts"]) {
      const { method, state } = start(name, { f, options: { direction: "l-sr1" } });
      const after = await method.step(state, new TestProblem(f, evenSplit(2, 2)));
      expect(after.report.accepted).toBe(false);
      const { s, y } = pairsOf(after.state);
      expect(y.map((each) => [...each])).toEqual([[-3, -2]]);
      expect(s[0]![0]).toBeLessThan(0);
    }
  });
});
