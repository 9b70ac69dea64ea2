import { describe, expect, it } from "vitest";
import { createLocalGroup, type Communicator } from "../../src/comm/index.js";
import { labelled } from "../../src/data/dataset.js";
import { Random } from "../../src/random.js";
import { byLayers } from "../../src/decomposition/layers.js";
import { byNeurons } from "../../src/decomposition/neurons.js";
import { byTensors } from "../../src/decomposition/tensors.js";
import { Batch } from "../../src/network/batch.js";
import type { ParameterLayout } from "../../src/network/layout.js";
import { cnn } from "../../src/network/models/cnn.js";
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

describe("a batch on two ranks", () => {
  const pixels = (side: number, count: number) =>
    labelled({
      sampleShape: [side, side, 1],
      classes: 4,
      features: Uint8Array.from({ length: side * side * count }, () => random.integer(256)),
      labels: Int32Array.from({ length: count }, () => random.integer(4)),
    });

  it.each([
    ["of one chunk is evaluated by both, without a message", 3, 400, [6, 5], false],
    ["of several is shared", 3, 600, [6, 5], true],
    ["of one that takes long is waited for", 28, 499, [64], true],
  ] as const)("%s, and has the bits of one rank", async (_name, side, count, hidden, sends) => {
    const backend = await startBackend({ backend: "wasm", threads: 1 });
    const model = fcnn([side, side, 1], 4, hidden, random);
    const data = pixels(side, count);
    const on = async (comm: Communicator) => {
      const evaluator = await evaluatorOf(model, backend);
      const { dimension } = evaluator.layout;
      const batch = new Batch(data, { normalisations: [{ mean: [128], deviation: [70] }] });
      const parts = { evaluator, penalty: undefined, comm, subdomains: [], count: new EvaluationCount() };
      const { objective } = new NetworkProblem("everything", batch, parts);
      const theta = randomTheta(dimension, 3);
      const g = new Float32Array(dimension);
      const f = await objective.gradient(theta, g);
      return { f, g, value: await objective.value(theta), sent: comm.traffic.messagesSent };
    };
    const [alone] = await Promise.all(createLocalGroup(1).map(on));
    const both = await Promise.all(createLocalGroup(2).map(on));
    for (const { f, g, value } of both) expect([f, g, value]).toEqual([alone!.f, alone!.g, alone!.value]);
    expect(both.reduce((sum, { sent }) => sum + sent, 0) > 0).toBe(sends);
  });

  it("takes as many operations as weights are used", async () => {
    const backend = await startBackend({ backend: "wasm", threads: 1 });
    const { cost } = await evaluatorOf(fcnn([3, 3, 1], 4, [6, 5], random), backend);
    expect(cost).toBe(6 * (9 * 6 + 6 + 6 * 5 + 5 + 5 * 4 + 4));
    const images = await evaluatorOf(cnn([8, 8, 1], 4, [16, 32], [7], random), backend);
    const dense = 4 * 32 * 7 + 7 + 7 * 4 + 4; // behind two poolings of 2 × 2
    expect(images.cost).toBe(6 * (64 * (9 * 16 + 16) + 16 * (9 * 16 * 32 + 32) + dense));
  });
});
