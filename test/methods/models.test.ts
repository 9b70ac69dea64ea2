import { describe, expect, it } from "vitest";
import { createLocalGroup, selfCommunicator } from "../../src/comm/index.js";
import type { Communicator } from "../../src/comm/communicator.js";
import type { Vector } from "../../src/linalg/vector.js";
import { methodNamed } from "../../src/methods/registry.js";
import type { Optimizer, StepReport } from "../../src/methods/problem.js";
import { resolveOptions } from "../../src/config/resolve.js";
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

function start(
  method: string,
  f: TestFunction,
  subdomains: number,
  options: object,
  comm: Communicator,
): Optimizer {
  const description = methodNamed(method);
  const values = resolveOptions(description.options, [
    { source: { kind: "program" }, values: { ...options } },
  ]);
  const decomposition = evenSplit(f.dimension, subdomains);
  return description.create(
    { comm, decomposition, plannedSteps: 100, fullBatch: true, tolerance: 0 },
    values,
    Float32Array.from(f.start),
  );
}

async function go(
  optimizer: Optimizer,
  problem: TestProblem,
  steps: number,
): Promise<{ path: Vector[]; reports: StepReport[] }> {
  const path: Vector[] = [];
  const reports: StepReport[] = [];
  for (let k = 0; k < steps; k++) {
    reports.push(await optimizer.step(problem));
    path.push(optimizer.theta);
  }
  return { path, reports };
}

describe.each(DIRECTIONS)("with direction %s", (direction) => {
  it.each([
    { method: "tr", f: quadratic(6, 10), below: 1e-4 },
    { method: "apts", f: quadratic(6, 10), below: 1e-4 },
    { method: "sapts", f: trigonometric(9), below: 1e-3 },
    { method: "napts", f: trigonometric(9), below: 1e-3 },
  ])("$method brings $f.name near its minimum", async ({ method, f, below }) => {
    const problem = new TestProblem(f, evenSplit(f.dimension, 3));
    const { path } = await go(start(method, f, 3, { direction, ...WIDE }, selfCommunicator()), problem, 300);
    expect(f.value(path.at(-1)!)).toBeLessThan(below);
  });

  it("tr and apts with fdl never let the loss rise", async () => {
    for (const [method, f] of [
      ["tr", rosenbrock(6)],
      ["apts", rosenbrock(6)],
      ["apts", saddle],
    ] as const) {
      const problem = new TestProblem(f, evenSplit(f.dimension, 2));
      const { path } = await go(start(method, f, 2, { direction }, selfCommunicator()), problem, 60);
      const losses = [f.value(Float32Array.from(f.start)), ...path.map((x) => f.value(x))];
      for (let k = 1; k < losses.length; k++) expect(losses[k]).toBeLessThanOrEqual(losses[k - 1]!);
    }
  });

  it.each(["apts", "napts", "tr"])("%s makes the same bits on 1, 2, 3 and 4 ranks", async (method) => {
    const f = rosenbrock(10);
    const paths = await Promise.all(
      [1, 2, 3, 4].map(async (ranks) => {
        const group = createLocalGroup(ranks);
        const runs = await Promise.all(
          group.map((comm) =>
            go(start(method, f, 5, { direction }, comm), new TestProblem(f, evenSplit(f.dimension, 5)), 15),
          ),
        );
        await Promise.all(group.map((comm) => comm.close()));
        return runs.map(({ path }) => path);
      }),
    );
    for (const path of paths.flat()) expect(path).toEqual(paths[0]![0]);
  });

  it.each(["apts", "napts", "tr"])("%s goes on to the bit from what it saved", async (method) => {
    const f = rosenbrock(6);
    const problem = new TestProblem(f, evenSplit(f.dimension, 3));
    const whole = start(method, f, 3, { direction }, selfCommunicator());
    await go(whole, problem, 7);
    const again = start(method, f, 3, { direction }, selfCommunicator());
    const problemAgain = new TestProblem(f, evenSplit(f.dimension, 3));
    again.restore(whole.theta, structuredClone(whole.save()), problemAgain);
    const evaluated = problem.objective.gradients;
    const rest = await go(whole, problem, 12);
    const restAgain = await go(again, problemAgain, 12);
    expect(restAgain).toEqual(rest);
    // What was known where it stopped is not evaluated again.
    expect(problemAgain.objective.gradients).toBe(problem.objective.gradients - evaluated);
  });
});

describe("direction adam", () => {
  it("costs no more gradients than order 1, and one loss for the longer trial", async () => {
    const f = quadratic(6, 1);
    const problem = new TestProblem(f, evenSplit(6, 1));
    await go(start("tr", f, 1, { direction: "adam", tryLonger: true }, selfCommunicator()), problem, 1);
    expect(problem.objective).toMatchObject({ gradients: 1, values: 2 });
  });

  it("as apts takes it, costs two gradients an iteration, none of them local", async () => {
    const f = trigonometric(9);
    const problem = new TestProblem(f, evenSplit(9, 3));
    const { reports } = await go(start("apts", f, 3, {}, selfCommunicator()), problem, 20);
    expect(reports.every(({ accepted }) => accepted)).toBe(true);
    expect(problem.localGradients).toBe(0);
    expect(problem.objective.gradients).toBe(2 * 20);
  });

  it("steps along the signs of the first gradient, the whole radius in every coordinate", async () => {
    const f = quadratic(4, 1000);
    const problem = new TestProblem(f, evenSplit(4, 1));
    const { path } = await go(
      start("tr", f, 1, { direction: "adam", radius: 0.01 }, selfCommunicator()),
      problem,
      1,
    );
    for (const component of path[0]!) expect(component).toBeCloseTo(0.01, 6);
  });
});

describe("napts", () => {
  /** A narrow curved valley, where steps that may rise for a while get along faster. */
  const f = rosenbrock(2);

  it("accepts rises below the largest of the last W losses, and no others", async () => {
    const window = 4;
    const problem = new TestProblem(f, evenSplit(2, 2));
    const options = { window, fdl: true, direction: "gradient", tryLonger: false, radius: 0.05 };
    const { path } = await go(start("napts", f, 2, options, selfCommunicator()), problem, 150);
    const losses = [f.value(Float32Array.from(f.start)), ...path.map((x) => f.value(x))];
    let rises = 0;
    for (let k = 1; k < losses.length; k++) {
      const reference = Math.max(...losses.slice(Math.max(0, k - window), k));
      expect(losses[k]).toBeLessThanOrEqual(reference);
      if (losses[k]! > losses[k - 1]!) rises++;
    }
    expect(rises).toBeGreaterThan(0);
  });

  it("with a window of one loss is apts", async () => {
    const same = { direction: "gradient", window: 1 };
    const problem = (): TestProblem => new TestProblem(f, evenSplit(2, 2));
    const one = await go(start("napts", f, 2, same, selfCommunicator()), problem(), 30);
    const other = await go(start("apts", f, 2, same, selfCommunicator()), problem(), 30);
    expect(one).toEqual(other);
  });
});
