import { describe, expect, it } from "vitest";
import { createLocalGroup } from "../../src/comm/index.js";
import { labelled } from "../../src/data/dataset.js";
import { Random } from "../../src/random.js";
import { byLayers } from "../../src/decomposition/layers.js";
import { byNeurons } from "../../src/decomposition/neurons.js";
import { byTensors } from "../../src/decomposition/tensors.js";
import { Batch } from "../../src/network/batch.js";
import type { ParameterLayout } from "../../src/network/layout.js";
import { fcnn } from "../../src/network/models/fcnn.js";
import { NetworkProblem } from "../../src/network/problem.js";
import { EvaluationCount } from "../../src/network/rank-network.js";
import { startBackend } from "../../src/compute/backend.js";
import { expectClose } from "../helpers/compute/compare.js";
import { evaluatorOf, randomTheta } from "../helpers/network/networks.js";

const random = new Random(5);
const samples = labelled({
  sampleShape: [3, 3, 1],
  classes: 4,
  features: Uint8Array.from({ length: 9 * 600 }, () => random.integer(256)),
  labels: Int32Array.from({ length: 600 }, () => random.integer(4)),
});

type Slots = ParameterLayout["slots"];

/**
 * A native library may sum a product of some columns in another order than one of all columns; the own kernels never
 * do, so that with them the local gradient is the restricted one to the last bit.
 */
describe.each(["none", "auto"])("the objective of a subdomain, --blas %s", (blas) => {
  const [comm] = createLocalGroup(1);
  const batch = new Batch(samples, { normalisations: [{ mean: [128], deviation: [70] }] });

  it.each([
    ["tensors", (slots: Slots) => byTensors(slots, 3, [...slots.keys()])],
    ["layers", (slots: Slots) => byLayers(slots, 2)],
    ["neurons", (slots: Slots) => byNeurons(slots, 2)],
  ])(
    "by %s is first-order consistent, and its gradient the slope of its values",
    async (_name, decompose) => {
      const backend = await startBackend({ backend: "wasm", threads: 1, blas });
      const evaluator = await evaluatorOf(fcnn([3, 3, 1], 4, [6, 5], random), backend);
      const { slots, dimension } = evaluator.layout;
      const { subdomains } = decompose(slots);
      const parts = { evaluator, penalty: undefined, comm: comm!, subdomains, count: new EvaluationCount() };
      const problem = new NetworkProblem("everything", batch, parts);
      expect(problem.space.dimension).toBe(dimension);
      const theta = randomTheta(dimension, 3);
      const whole = new Float32Array(dimension);
      const f = await problem.objective.gradient(theta, whole);
      for (const [i, R] of subdomains.entries()) {
        const local = problem.local(i, { x: theta, f, g: whole });
        const at = R.restrict(theta);
        const g = new Float32Array(R.size);
        // f̃_i(R_iθ) = f(θ), ∇f̃_i(R_iθ) = R_i∇f(θ)
        const localF = await local.gradient(at, g);
        if (blas === "none") {
          expect(localF).toBe(f);
          expect(g).toEqual(R.restrict(whole));
        } else {
          expectClose([localF], [f], 1e-6);
          expectClose(g, R.restrict(whole), 1e-6);
        }

        const direction = g.map((value) => value / Math.hypot(...g));
        const slope = g.reduce((sum, value, j) => sum + value * direction[j]!, 0);
        const h = 1e-2;
        const beside = (t: number) => local.value(at.map((value, j) => value + t * direction[j]!));
        expect(((await beside(h)) - (await beside(-h))) / (2 * h)).toBeCloseTo(slope, 3);
      }
    },
  );
});
