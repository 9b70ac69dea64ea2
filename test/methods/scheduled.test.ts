import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import type { Vector } from "../../src/linalg/vector.js";
import { ratesOf } from "../../src/methods/first-order/schedule.js";
import { createMethod, go } from "../helpers/methods/steps.js";
import { optimizerFixture, tinyNetwork } from "../helpers/methods/tiny-network.js";
import { evenSplit, TestProblem } from "../helpers/objectives.js";

interface Expected {
  /** Of every step; of Schedule-Free methods there are none. */
  readonly rates?: readonly number[];
  readonly losses: readonly number[];
  /** θ after every tenth step. */
  readonly path: readonly (readonly number[])[];
  /** What it is judged at then, where that is not θ. */
  readonly averages?: readonly (readonly number[])[];
}

/** scheduled.json, which scheduled.py makes. */
const expected = JSON.parse(
  readFileSync(new URL("../helpers/methods/scheduled.json", import.meta.url), "utf8"),
) as Readonly<Record<string, Expected>>;

const network = tinyNetwork(optimizerFixture);
const decomposition = evenSplit(network.dimension, 1);
const context = { decomposition, plannedSteps: 50, fullBatch: false };

const scheduled = {
  "adam-cosine": ["adam", { learningRate: 0.02, schedule: "cosine", warmup: 0.1 }],
  "sgd-linear": ["sgd", { learningRate: 0.1, schedule: "linear", warmup: 0 }],
  "adamw-step": ["adamw", { learningRate: 0.02, weightDecay: 0.05, schedule: "step", warmup: 0.2 }],
  nadamw: ["nadamw", { learningRate: 0.02, weightDecay: 0.05, schedule: "cosine", warmup: 0.1 }],
} as const;

const free = {
  "schedule-free-adamw": { learningRate: 0.05, weightDecay: 0.05, warmup: 0.1 },
  "schedule-free-sgd": { learningRate: 1, weightDecay: 0.01, warmup: 0.1 },
  "schedule-free-plus": { learningRate: 0.05, weightDecay: 5, warmup: 0.1, annealing: 0.5 },
} as const;

/** ‖a − b‖_∞ */
function distance(a: Vector, b: readonly number[]): number {
  return Math.max(...b.map((value, i) => Math.abs(value - a[i]!)));
}

describe("50 steps of a small network", () => {
  it.each(Object.entries(scheduled))("%s is where PyTorch is", async (run, [name, options]) => {
    const rateOf = ratesOf(options, context);
    for (const [k, rate] of expected[run]!.rates!.entries())
      expect(Math.abs(rateOf(k + 1) - rate)).toBeLessThan(1e-11);
    await expectSamePath(run, name, options);
  });

  it.each(Object.entries(free))("%s is where its reference is, and judged there", async (name, options) => {
    await expectSamePath(name, name, options);
  });
});

async function expectSamePath(run: string, name: string, options: object): Promise<void> {
  const { losses, path, averages } = expected[run]!;
  const method = createMethod(name, options, context);
  const problem = new TestProblem(network, decomposition);
  let state = method.start(Float32Array.from(network.start));
  for (const [i, theta] of path.entries()) {
    const { reports, ...after } = await go(method, state, problem, 10);
    ({ state } = after);
    for (const [k, { loss }] of reports.entries()) expect(loss).toBeCloseTo(losses[10 * i + k]!, 6);
    expect(distance(state.theta, theta)).toBeLessThan(2e-6); // a few roundings of numbers around 1
    const judged = method.evaluationPoint?.(state) ?? state.theta;
    expect(distance(judged, averages?.[i] ?? theta)).toBeLessThan(2e-6);
  }
}

describe("the rate of a step", () => {
  const all = { learningRate: 0.3, warmup: 0 };
  const rates = (options: Partial<Parameters<typeof ratesOf>[0]>, plannedSteps: number, steps: number) => {
    const rateOf = ratesOf({ ...all, schedule: "constant", ...options }, { plannedSteps });
    return Array.from({ length: steps }, (_, k) => rateOf(k + 1));
  };

  it("is the learning rate itself where nothing is said", () => {
    expect(rates({}, 7, 9)).toEqual(Array.from({ length: 9 }, () => 0.3));
  });

  it("rises through the whole run with a warm-up of 1, and stays", () => {
    expect(rates({ learningRate: 1, warmup: 1 }, 4, 6)).toEqual([0.25, 0.5, 0.75, 1, 1, 1]);
  });

  it.each(["cosine", "linear"] as const)("%s falls to zero where the plan ends, and stays", (schedule) => {
    const all = rates({ schedule, warmup: 0.5 }, 4, 7);
    expect(all[3]).toBeGreaterThan(0);
    expect(all.slice(4)).toEqual([0, 0, 0]);
  });

  it("is that of the new plan where a run goes on with more epochs", async () => {
    const slope = {
      name: "slope",
      dimension: 1,
      start: [0],
      value: (x: Vector) => x[0]!,
      gradient: (_: Vector, out: Vector) => out.fill(1),
    };
    const one = { decomposition: evenSplit(1, 1), fullBatch: false };
    const options = { learningRate: 1, momentum: 0, schedule: "linear" };
    const problem = new TestProblem(slope, one.decomposition);
    const planned = (plannedSteps: number) => createMethod("sgd", options, { ...one, plannedSteps });
    const before = await go(planned(4), planned(4).start(Float32Array.of(0)), problem, 4);
    const after = await go(planned(8), before.state, problem, 4);
    const steps = [...before.path, ...after.path].map((x) => x[0]);
    expect(steps).toEqual([-1, -1.75, -2.25, -2.5, -3, -3.375, -3.625, -3.75]);
  });
});
