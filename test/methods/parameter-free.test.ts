import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import type { Vector } from "../../src/linalg/vector.js";
import { createMethod, go } from "../helpers/methods/steps.js";
import { optimizerFixture, tinyNetwork } from "../helpers/methods/tiny-network.js";
import { evenSplit, quadratic, TestProblem } from "../helpers/objectives.js";

/** parameter-free.json, which parameter_free.py makes. */
interface Fixture {
  readonly runs: Readonly<Record<string, Run>>;
}
interface Run {
  readonly problem: "network" | "quadratic";
  readonly losses: readonly number[];
  readonly path: readonly (readonly number[])[];
  /** The points that iterates are judged at, where those are others. */
  readonly judged?: readonly (readonly number[])[];
}

const { runs: references } = JSON.parse(
  readFileSync(new URL("../helpers/methods/parameter-free.json", import.meta.url), "utf8"),
) as Fixture;

const problems = { network: tinyNetwork(optimizerFixture), quadratic: quadratic(8, 100) };

/** Each run of the fixture, by method and options; what is not said is the default, there as here. */
const runs = {
  prodigy: ["prodigy", {}],
  "prodigy-decay": ["prodigy", { firstStep: 1e-3, dCoef: 0.5, weightDecay: 0.05 }],
  "dadapt-adam": ["dadapt-adam", {}],
  "dadapt-adam-decay": ["dadapt-adam", { firstStep: 1e-4, weightDecay: 0.05 }],
  dog: ["dog", {}],
  "dog-decay": ["dog", { firstStep: 1e-3, weightDecay: 0.05 }],
  "l-dog": ["l-dog", {}],
  "l-dog-decay": ["l-dog", { firstStep: 1e-3, weightDecay: 0.05 }],
  dowg: ["dowg", {}],
  mechanic: ["mechanic", {}],
  "prodigy-cosine": ["prodigy", { schedule: "cosine" }],
  "dadapt-adam-cosine": ["dadapt-adam", { schedule: "cosine" }],
  "mechanic-cosine": ["mechanic", { schedule: "cosine" }],
  "mechanic-no-decay": ["mechanic", { firstStep: 1e-9, sDecay: 0 }],
} as const;

/** The network's: W1 (3, 4), b1 (4), W2 (4, 2), b2 (2). */
const tensors = [
  { name: "W1", shape: [3, 4], offset: 0, size: 12, layer: 0 },
  { name: "b1", shape: [4], offset: 12, size: 4, layer: 0 },
  { name: "W2", shape: [4, 2], offset: 16, size: 8, layer: 1 },
  { name: "b2", shape: [2], offset: 24, size: 2, layer: 1 },
];

/** ‖a − b‖_∞ */
function distance(a: Vector, b: readonly number[]): number {
  return Math.max(...b.map((value, i) => Math.abs(value - a[i]!)));
}

describe("against their references in float64, 50 steps", () => {
  it.each(Object.entries(runs))("%s", async (run, [name, options]) => {
    const reference = references[run]!;
    const f = problems[reference.problem];
    const decomposition = evenSplit(f.dimension, 1);
    const method = createMethod(name, options, {
      decomposition,
      tensors,
      plannedSteps: 50,
      fullBatch: false,
    });
    const problem = new TestProblem(f, decomposition);
    let state = method.start(Float32Array.from(f.start));
    for (const [k, loss] of reference.losses.entries()) {
      const after = await method.step(state, problem);
      ({ state } = after);
      expect(Math.abs(after.report.loss - loss)).toBeLessThan(1e-5 * Math.max(1, loss));
      expect(distance(state.theta, reference.path[k]!)).toBeLessThan(1e-5);
      const judged = method.evaluationPoint?.(state);
      expect(judged !== undefined).toBe(reference.judged !== undefined);
      if (judged) expect(distance(judged, reference.judged![k]!)).toBeLessThan(1e-5);
    }
    expect(reference.losses).toHaveLength(50);
    expect(problem.objective).toMatchObject({ gradients: 50, values: 0 });
  });

  it("holds every run of the fixture", () => {
    expect(Object.keys(runs)).toEqual(Object.keys(references));
  });
});

it.each([...new Set(Object.values(runs).map(([name]) => name))])(
  "%s stays where no gradient is",
  async (name) => {
    const flat = {
      name: "flat",
      dimension: 2,
      start: [2, 0],
      value: () => 3,
      gradient: (_: Vector, out: Vector) => out.fill(0),
    };
    const context = { decomposition: evenSplit(2, 1), fullBatch: false };
    const method = createMethod(name, {}, context);
    const { state } = await go(
      method,
      method.start(Float32Array.of(2, 0)),
      new TestProblem(flat, context.decomposition),
      5,
    );
    expect(method.evaluationPoint?.(state) ?? state.theta).toEqual(Float32Array.of(2, 0));
  },
);
