import { describe, expect, it } from "vitest";
import { createLocalGroup } from "../../src/comm/index.js";
import type { Dataset } from "../../src/data/dataset.js";
import { Random } from "../../src/data/random.js";
import { byLayers } from "../../src/decomposition/layers.js";
import { byNeurons } from "../../src/decomposition/neurons.js";
import { byTensors } from "../../src/decomposition/tensors.js";
import { Batch } from "../../src/network/batch.js";
import { createEvaluator } from "../../src/network/evaluator.js";
import { fcnn } from "../../src/network/models/fcnn.js";
import { EvaluationCount, NetworkProblem } from "../../src/network/problem.js";
import { randomTheta, wasm } from "./networks.js";

const random = new Random(5);
const samples: Dataset = {
  sampleShape: [3, 3, 1],
  classes: 4,
  features: Uint8Array.from({ length: 9 * 600 }, () => random.integer(256)),
  labels: Int32Array.from({ length: 600 }, () => random.integer(4)),
};

describe("the objective of a subdomain", async () => {
  const [comm] = createLocalGroup(1);
  const backend = await wasm();
  const evaluator = await createEvaluator(fcnn([3, 3, 1], 4, [6, 5], random), backend);
  const { slots, dimension } = evaluator.layout;
  const batch = new Batch(samples, { mean: [128], deviation: [70] });

  it.each([
    ["tensors", byTensors(slots, 3, [...slots.keys()])],
    ["layers", byLayers(slots, 2)],
    ["neurons", byNeurons(slots, 2)],
  ])(
    "by %s is first-order consistent, and its gradient the slope of its values",
    async (_name, decomposition) => {
      const problem = new NetworkProblem(evaluator, batch, comm!, decomposition, new EvaluationCount());
      const theta = randomTheta(dimension, 3);
      const whole = new Float32Array(dimension);
      const f = await problem.objective.gradient(theta, whole);
      for (const [i, R] of decomposition.subdomains.entries()) {
        const local = problem.local(i, theta);
        const at = R.restrict(theta);
        const g = new Float32Array(R.size);
        // f̃_i(R_iθ) = f(θ), ∇f̃_i(R_iθ) = R_i∇f(θ): to the last bit, as the sums follow one tree
        expect(await local.gradient(at, g)).toBe(f);
        expect(g).toEqual(R.restrict(whole));

        const direction = g.map((value) => value / Math.hypot(...g));
        const slope = g.reduce((sum, value, j) => sum + value * direction[j]!, 0);
        const h = 1e-2;
        const beside = (t: number) => local.value(at.map((value, j) => value + t * direction[j]!));
        expect(((await beside(h)) - (await beside(-h))) / (2 * h)).toBeCloseTo(slope, 3);
      }
    },
  );
});
