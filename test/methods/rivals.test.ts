import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { createMethod, go } from "../helpers/methods/steps.js";
import { denseTensors, optimizerFixture, tinyNetwork } from "../helpers/methods/tiny-network.js";
import { evenSplit, TestProblem } from "../helpers/objectives.js";

/** rivals.json, which rivals.py makes. */
interface Fixture {
  readonly deep: { readonly widths: readonly number[]; readonly start: readonly number[] };
  readonly runs: Readonly<Record<string, Run>>;
}
interface Run {
  readonly losses: readonly number[];
  /** Iterates, `losses.length / path.length` steps apart. */
  readonly path: readonly (readonly number[])[];
}

const { deep, runs: references } = JSON.parse(
  readFileSync(new URL("../helpers/methods/rivals.json", import.meta.url), "utf8"),
) as Fixture;

/** Each run of the fixture, by method and options; what is not said is the default, there as here. */
const runs = {
  "momo-adam": ["momo-adam", {}, {}],
  "momo-adam-long": ["momo-adam", { learningRate: 0.2, beta1: 0.8, weightDecay: 0.05, lowerBound: 0.64 }, {}],
  sls: ["sls", {}, { stepsPerEpoch: 5 }],
  "sls-bounded": ["sls", { armijo: 0.5, firstStep: 0.3, maxStep: 2 }, { stepsPerEpoch: 2 }],
  cocob: ["cocob", {}, {}],
  "cocob-bold": ["cocob", { alpha: 10 }, {}],
  muon: ["muon", {}, {}],
  "muon-decay": ["muon", { learningRate: 0.01, momentum: 0.9, adamRate: 0.01, weightDecay: 0.1 }, {}],
} as const;

describe("against their references in float64, 50 steps of a small network", () => {
  it.each(Object.entries(runs))("%s", async (run, [name, options, context]) => {
    const { losses, path } = references[run]!;
    const isDeep = path[0]!.length === deep.start.length;
    const network = isDeep
      ? tinyNetwork({ ...optimizerFixture, start: deep.start }, deep.widths)
      : tinyNetwork(optimizerFixture);
    const decomposition = evenSplit(network.dimension, 1);
    const tensors = isDeep ? { tensors: denseTensors(deep.widths) } : {};
    const method = createMethod(name, options, { decomposition, fullBatch: false, ...tensors, ...context });
    const problem = new TestProblem(network, decomposition);
    const start = method.start(Float32Array.from(network.start));
    const outcome = await go(method, start, problem, losses.length);
    const every = losses.length / path.length;
    path.forEach((expected, k) => {
      const theta = outcome.path[every * (k + 1) - 1]!;
      const distance = Math.max(...expected.map((value, i) => Math.abs(value - theta[i]!)));
      expect(distance).toBeLessThan(1e-5);
    });
    expect(losses).toHaveLength(50);
  });

  it("holds every run of the fixture", () => {
    expect(Object.keys(references)).toEqual(Object.keys(runs));
  });
});
