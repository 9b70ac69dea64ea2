import { describe, expect, it } from "vitest";
import { onGroup } from "../helpers/comm/groups.js";
import { createMethod, go, type Outcome } from "../helpers/methods/steps.js";
import {
  evenSplit,
  quadratic,
  rosenbrock,
  saddle,
  TestProblem,
  trigonometric,
  type TestFunction,
} from "../helpers/objectives.js";

const DIRECTIONS = ["gradient", "adam", "l-sr1"] as const;
const WIDE = { radius: 0.1, minRadius: 1e-9, maxRadius: 1 };

async function minimise(
  name: string,
  f: TestFunction,
  subdomains: number,
  steps: number,
  options: object,
): Promise<Outcome & { readonly problem: TestProblem }> {
  const decomposition = evenSplit(f.dimension, subdomains);
  const method = createMethod(name, options, { decomposition });
  const problem = new TestProblem(f, decomposition);
  const outcome = await go(method, method.start(Float32Array.from(f.start)), problem, steps);
  return { ...outcome, problem };
}

describe.each(DIRECTIONS)("with direction %s", (direction) => {
  it.each([
    { method: "tr", f: quadratic(6, 10), below: 1e-4 },
    { method: "apts", f: quadratic(6, 10), below: 1e-4 },
    { method: "sapts", f: trigonometric(9), below: 1e-3 },
    { method: "napts", f: trigonometric(9), below: 1e-3 },
  ])("$method brings $f.name near its minimum", async ({ method, f, below }) => {
    const { state } = await minimise(method, f, 3, 300, { direction, ...WIDE });
    expect(f.value(state.theta)).toBeLessThan(below);
  });

  it("tr and apts with fdl never let the loss rise", async () => {
    for (const [method, f] of [
      ["tr", rosenbrock(6)],
      ["apts", rosenbrock(6)],
      ["apts", saddle],
    ] as const) {
      const { path } = await minimise(method, f, 2, 60, { direction });
      const losses = [f.value(Float32Array.from(f.start)), ...path.map((x) => f.value(x))];
      for (let k = 1; k < losses.length; k++) expect(losses[k]).toBeLessThanOrEqual(losses[k - 1]!);
    }
  });
});

describe("direction adam", () => {
  it("costs no more gradients than order 1, and one loss for the longer trial", async () => {
    const f = quadratic(6, 1);
    const { problem } = await minimise("tr", f, 1, 1, { direction: "adam", tryLonger: true });
    expect(problem.objective).toMatchObject({ gradients: 1, values: 2 });
  });

  it("as apts takes it, costs two gradients an iteration, none of them local", async () => {
    const f = trigonometric(9);
    const { problem, reports } = await minimise("apts", f, 3, 20, {});
    expect(reports.every(({ accepted }) => accepted)).toBe(true);
    expect(problem.localGradients).toBe(0);
    expect(problem.objective.gradients).toBe(2 * 20);
  });

  it("steps along the signs of the first gradient, the whole radius in every coordinate", async () => {
    const f = quadratic(4, 1000);
    const { path } = await minimise("tr", f, 1, 1, { direction: "adam", radius: 0.01 });
    for (const component of path[0]!) expect(component).toBeCloseTo(0.01, 6);
  });
});

describe("napts", () => {
  /** A narrow curved valley, where steps that may rise for a while get along faster. */
  const f = rosenbrock(2);

  it("accepts rises below the largest of the last W losses, and no others", async () => {
    const window = 4;
    const options = { window, direction: "gradient", tryLonger: false, radius: 0.05 };
    const { path } = await minimise("napts", f, 2, 150, options);
    const losses = [f.value(Float32Array.from(f.start)), ...path.map((x) => f.value(x))];
    let rises = 0;
    for (let k = 1; k < losses.length; k++) {
      const reference = Math.max(...losses.slice(Math.max(0, k - window), k));
      expect(losses[k]).toBeLessThanOrEqual(reference);
      if (losses[k]! > losses[k - 1]!) rises++;
    }
    expect(rises).toBeGreaterThan(0);
  });

  it("with a window of one loss never lets the loss rise", async () => {
    const { path } = await minimise("napts", f, 2, 60, { direction: "gradient", window: 1, radius: 0.05 });
    const losses = [f.value(Float32Array.from(f.start)), ...path.map((x) => f.value(x))];
    for (let k = 1; k < losses.length; k++) expect(losses[k]).toBeLessThanOrEqual(losses[k - 1]!);
  });

  it("costs two gradients an iteration, and no loss but those of its global step", async () => {
    const { problem, reports } = await minimise("napts", trigonometric(9), 3, 20, { tryLonger: false });
    expect(reports.every(({ accepted }) => accepted)).toBe(true);
    expect(problem).toMatchObject({ localGradients: 0, localValues: 0 });
    expect(problem.objective).toMatchObject({ gradients: 2 * 20, values: 20 });
  });

  it("leaves out a sum that raised the loss beyond the window, and shrinks the radius", async () => {
    // Each coordinate alone may go up to 0.01 with profit; together they overshoot a narrow valley x + y = 0.001.
    const valley: TestFunction = {
      name: "valley",
      dimension: 2,
      start: [0, 0],
      value: (x) => (x[0]! + x[1]! - 0.001) ** 2,
      gradient: (x, out) => out.fill(2 * (x[0]! + x[1]! - 0.001)),
    };
    const options = { direction: "gradient", radius: 0.01, maxTrials: 1 };
    const { path, reports } = await minimise("napts", valley, 2, 1, options);
    expect([...path[0]!]).toEqual([0, 0]);
    expect(reports[0]).toMatchObject({ accepted: false, radius: 0.0025 }); // halved by the sum, and by the trial
  });

  it("gives the same bits on any number of ranks", async () => {
    const decomposition = evenSplit(10, 5);
    const on = (ranks: number) =>
      onGroup("memory", ranks, async (comm) => {
        const method = createMethod("napts", { localSteps: 2 }, { comm, decomposition });
        const start = Float32Array.from(rosenbrock(10).start);
        const problem = new TestProblem(rosenbrock(10), decomposition);
        const { path, reports } = await go(method, method.start(start), problem, 25);
        return { path, reports };
      });
    const [alone] = await on(1);
    for (const ranks of [2, 3]) for (const outcome of await on(ranks)) expect(outcome).toEqual(alone);
  });
});
