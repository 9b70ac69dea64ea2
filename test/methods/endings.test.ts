import { describe, expect, it } from "vitest";
import { selfCommunicator } from "../../src/comm/index.js";
import { resolveOptions } from "../../src/config/resolve.js";
import { normInf, type Vector } from "../../src/linalg/vector.js";
import { methodNamed, methods } from "../../src/methods/registry.js";
import type { Optimizer } from "../../src/methods/problem.js";
import { Progress } from "../../src/run/progress.js";
import { evenSplit, quadratic, TestProblem, type TestFunction } from "../helpers/objectives.js";

interface Start {
  readonly f: TestFunction;
  readonly options?: object;
  readonly fullBatch?: boolean;
  readonly tolerance?: number;
}

function start(method: string, { f, options = {}, fullBatch = true, tolerance = 0 }: Start): Optimizer {
  const description = methodNamed(method);
  const values = resolveOptions(description.options, [
    { source: { kind: "program" }, values: { ...options } },
  ]);
  const decomposition = evenSplit(f.dimension, 2);
  const context = { comm: selfCommunicator(), decomposition, plannedSteps: 5000, fullBatch, tolerance };
  return description.create(context, values, Float32Array.from(f.start));
}

/** Steps on one batch as a run makes them, until they lead nowhere. */
async function untilTheEnd(method: string, begin: Start, most: number) {
  const optimizer = start(method, begin);
  const problem = new TestProblem(begin.f, evenSplit(begin.f.dimension, 2));
  const progress = new Progress({ fullBatch: true, tolerance: begin.tolerance ?? 0 });
  let steps = 0;
  let before = optimizer.theta;
  while (progress.ended() === undefined && steps < most) {
    before = optimizer.theta;
    progress.follow(await optimizer.step(problem), before, optimizer.theta);
    steps++;
  }
  return { ended: progress.ended(), steps, before, theta: optimizer.theta };
}

const names = methods.map(({ name }) => name);
const hasRadius = names.filter((name) => "radius" in methodNamed(name).options);

/** Rates with which first-order rules come near the minimum of a quadratic within a few thousand steps. */
function optionsOf(method: string): object {
  const has = methodNamed(method).options;
  if (!("learningRate" in has)) return {};
  return { learningRate: method === "lion" ? 1e-3 : 0.01, weightDecay: 0 };
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
    const options = optionsOf(method);
    const optimizer = start(method, { f: poisoned, options, fullBatch: false });
    const clean = start(method, { f, options, fullBatch: false });
    const step = (of: Optimizer, function_: TestFunction) =>
      of.step(new TestProblem(function_, evenSplit(4, 2)));
    const report = await step(optimizer, poisoned);
    expect(report).toMatchObject({ accepted: false, gradientNorm: NaN });
    bad = false;
    for (let k = 0; k < 5; k++) {
      await step(optimizer, poisoned);
      await step(clean, f);
    }
    expect(optimizer.theta).toEqual(clean.theta);
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
    const optimizer = start("apts", { f, options });
    const problem = new TestProblem(f, evenSplit(2, 2));
    const losses: number[] = [];
    for (let k = 0; k < 10; k++) losses.push((await optimizer.step(problem)).loss);
    const { model } = optimizer.save() as { model: { m: Vector; v: Vector } };
    expect([...model.m, ...model.v].every(Number.isFinite)).toBe(true);
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

  async function path(direction: string): Promise<{ theta: Vector[]; saved: ReturnType<Optimizer["save"]> }> {
    const f = batches[0]!;
    const optimizer = start("tr", { f, options: { direction, pairs: 20 }, fullBatch: false });
    const theta = [optimizer.theta];
    for (let k = 0; k < 8; k++) {
      await optimizer.step(new TestProblem(batches[k % 2]!, evenSplit(5, 1)));
      theta.push(optimizer.theta);
    }
    return { theta, saved: optimizer.save() };
  }

  it("stores the pair of each step, its gradients of one and the same batch", async () => {
    const { theta, saved } = await path("l-sr1");
    const { memory } = saved["model"] as { memory: { s: Vector[]; y: Vector[] } };
    const pairs = theta.slice(1).map((to, k) => {
      const [before, after] = [new Float32Array(5), new Float32Array(5)];
      batches[k % 2]!.gradient(theta[k]!, before);
      batches[k % 2]!.gradient(to, after);
      return {
        s: to.map((value, i) => value - theta[k]![i]!),
        y: after.map((value, i) => value - before[i]!),
      };
    });
    expect(memory.s.length).toBeGreaterThan(3);
    memory.s.forEach((s, j) => {
      const pair = pairs.find((one) => one.s.every((value, i) => value === s[i]));
      expect(memory.y[j]).toEqual(pair?.y);
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
    for (const method of ["tr", "apts"]) {
      const optimizer = start(method, { f, options: { direction: "l-sr1" } });
      const problem = new TestProblem(f, evenSplit(2, 2));
      const report = await optimizer.step(problem);
      expect(report.accepted).toBe(false);
      const { memory } = optimizer.save()["model"] as { memory: { s: Vector[]; y: Vector[] } };
      expect(memory.y.map((y) => [...y])).toEqual([[-3, -2]]);
      expect(memory.s[0]![0]).toBeLessThan(0);
    }
  });
});
