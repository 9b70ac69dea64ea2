import { beforeAll, describe, expect, it } from "vitest";
import { createLocalGroup } from "../../src/comm/index.js";
import type { ComputeBackend } from "../../src/compute/backend.js";
import { tf } from "../../src/compute/tensorflow.js";
import { labelled } from "../../src/data/dataset.js";
import { byTensors } from "../../src/decomposition/tensors.js";
import { Batch } from "../../src/network/batch.js";
import { TapeEvaluator } from "../../src/network/tape/evaluator.js";
import { layoutOf } from "../../src/network/parameters.js";
import { penaltyOf } from "../../src/network/penalty.js";
import { NetworkProblem } from "../../src/network/problem.js";
import { EvaluationCount } from "../../src/network/rank-network.js";
import { expectClose, randomValues } from "../helpers/compute/compare.js";
import { classifier, evaluatorOf, randomTheta, wasm } from "../helpers/network/networks.js";

const { layers, regularizers } = tf;
const both = () => regularizers.l1l2({ l1: 0.02, l2: 0.03 });

/** Models, and of each the weights that are penalised: by position among θ's tensors, with l1 and l2. */
const models: Readonly<
  Record<string, readonly [() => tf.LayersModel, Readonly<Record<number, readonly [number, number]>>]>
> = {
  "kernel and bias": [
    () =>
      classifier(
        [6],
        layers.dense({
          units: 3,
          kernelRegularizer: regularizers.l1({ l1: 0.1 }),
          biasRegularizer: regularizers.l2({ l2: 0.2 }),
        }),
      ),
    { 0: [0.1, 0], 1: [0, 0.2] },
  ],
  "recurrent kernel": [
    () =>
      classifier(
        [3, 2],
        layers.lstm({
          units: 2,
          kernelRegularizer: both(),
          recurrentRegularizer: regularizers.l2({ l2: 0.5 }),
        }),
      ),
    { 0: [0.02, 0.03], 1: [0, 0.5] },
  ],
  "both directions": [
    () =>
      classifier(
        [3, 2],
        layers.bidirectional({
          layer: layers.gru({ units: 2, kernelRegularizer: both() }),
          mergeMode: "sum",
        }),
      ),
    { 0: [0.02, 0.03], 3: [0.02, 0.03] },
  ],
  "within a nested model, over time": [
    () =>
      classifier(
        [3, 2],
        layers.timeDistributed({
          layer: tf.sequential({
            layers: [layers.dense({ units: 2, inputShape: [2], kernelRegularizer: both() })],
          }),
        }),
      ),
    { 0: [0.02, 0.03] },
  ],
  "scale and shift of a normalisation": [
    () =>
      classifier(
        [6],
        layers.dense({ units: 2 }),
        layers.batchNormalization({
          gammaRegularizer: regularizers.l2({ l2: 0.1 }),
          betaRegularizer: regularizers.l1({ l1: 0.1 }),
        }),
      ),
    { 2: [0, 0.1], 3: [0.1, 0] },
  ],
  "depthwise and pointwise": [
    () =>
      classifier(
        [3, 1, 2],
        layers.separableConv2d({
          filters: 2,
          kernelSize: [2, 1],
          depthwiseRegularizer: regularizers.l2({ l2: 0.1 }),
          pointwiseRegularizer: regularizers.l1({ l1: 0.2 }),
        }),
      ),
    { 0: [0, 0.1], 1: [0.2, 0] },
  ],
};

let backend: ComputeBackend;
beforeAll(async () => {
  backend = await wasm();
});

const ROWS = 8;
const samples = (sampleShape: number[]) =>
  labelled({
    sampleShape,
    classes: 3,
    features: randomValues(6 * ROWS, 3),
    labels: Int32Array.from({ length: ROWS }, (_, i) => i % 3),
  });

async function problemOf(model: tf.LayersModel, size: number) {
  const evaluator = await evaluatorOf(model, backend);
  const { layout, variables } = layoutOf(model);
  const { subdomains } = byTensors(layout.slots, 2, [...layout.slots.keys()]);
  const batch = new Batch(samples(model.inputs[0]!.shape.slice(1) as number[]), {
    normalisations: [undefined],
  });
  const parts = { penalty: penaltyOf(model, layout, variables), subdomains, count: new EvaluationCount() };
  const problems = createLocalGroup(size).map(
    (comm) => new NetworkProblem("all", batch, { ...parts, evaluator, comm }),
  );
  return { evaluator, batch, problems, layout, subdomains };
}

describe.each(Object.entries(models))("a penalty on %s", (_, [make, strengths]) => {
  it("is added to the objective, and its slope to the gradient, also of subdomains", async () => {
    const { evaluator, batch, problems, layout, subdomains } = await problemOf(make(), 1);
    const theta = randomTheta(layout.dimension, 4);
    const [sum, gradient] = [new Float32Array(theta.length), new Float32Array(theta.length)];
    const f = await problems[0]!.objective.gradient(theta, sum);
    evaluator.setParameters(theta);
    const everything = layout.slots.map((slot, tensor) => ({ tensor, from: 0, to: slot.shape.at(-1)! }));
    const loss = await evaluator.gradient(batch.chunk(0), 1 / ROWS, everything, gradient);
    let penalty = 0;
    for (const [tensor, [l1, l2]] of Object.entries(strengths)) {
      const { offset, size } = layout.slots[Number(tensor)]!;
      for (let i = offset; i < offset + size; i++) {
        const w = theta[i]!;
        penalty += l1 * Math.abs(w) + l2 * w * w;
        gradient[i]! += l1 * Math.sign(w) + 2 * l2 * w;
      }
    }
    expect(penalty).toBeGreaterThan(0);
    expectClose([f, await problems[0]!.objective.value(theta)], [loss + penalty, loss + penalty], 1e-6);
    expectClose(sum, gradient, 1e-6);
    for (const [i, R] of subdomains.entries()) {
      const local = problems[0]!.local(i, { x: theta, f, g: sum });
      const g = new Float32Array(R.size);
      expectClose([await local.gradient(R.restrict(theta), g)], [f], 1e-6);
      expectClose(g, R.restrict(sum), 1e-6);
    }
  });
});

describe("penalties", () => {
  it("of frozen layers count nothing, and those of 0 are none", async () => {
    const frozen = layers.dense({ units: 3, kernelRegularizer: both(), trainable: false });
    const none = layers.dense({ units: 3, kernelRegularizer: regularizers.l2({ l2: 0 }) });
    for (const layer of [frozen, none]) {
      const model = classifier([6], layer);
      const { layout, variables } = layoutOf(model);
      expect(penaltyOf(model, layout, variables)).toBeUndefined();
    }
    await Promise.resolve();
  });

  it("of a class of the user's own are refused", () => {
    class Mine extends (both().constructor as new (given: object) => ReturnType<typeof both>) {
      static readonly className = "Mine";
      override apply(x: tf.Tensor): tf.Scalar {
        return tf.sum(x);
      }
      override getConfig() {
        return {};
      }
    }
    const kernelRegularizer = new Mine({ l1: 1, l2: 1 });
    const model = classifier([6], layers.dense({ units: 3, name: "here", kernelRegularizer }));
    const { layout, variables } = layoutOf(model);
    expect(() => penaltyOf(model, layout, variables)).toThrow(
      /regularisers of l1 and l2, got Mine as kernelRegularizer of Dense "here"/,
    );
  });

  it("on activities are summed over steps, and their mean is taken over samples", async () => {
    const wrapped = (regulariser: boolean) =>
      classifier(
        [3, 2],
        layers.timeDistributed({
          layer: layers.dense({
            units: 2,
            activation: "tanh",
            ...(regulariser ? { activityRegularizer: regularizers.l2({ l2: 0.5 }) } : {}),
          }),
        }),
      );
    const [plain, penalised] = [await problemOf(wrapped(false), 1), await problemOf(wrapped(true), 1)];
    expect(penalised.evaluator).toBeInstanceOf(TapeEvaluator);
    const theta = randomTheta(plain.layout.dimension, 4);
    // By hand: 0.5 Σ tanh² over steps and units, the mean over samples.
    const x = randomValues(6 * ROWS, 3);
    const [w, b] = plain.layout.slots.map(({ offset, size }) => theta.subarray(offset, offset + size));
    let penalty = 0;
    for (let row = 0; row < 3 * ROWS; row++) {
      for (let unit = 0; unit < 2; unit++) {
        const z = x[2 * row]! * w![unit]! + x[2 * row + 1]! * w![2 + unit]! + b![unit]!;
        penalty += (0.5 * Math.tanh(z) ** 2) / ROWS;
      }
    }
    const [f, g] = [await plain.problems[0]!.objective.value(theta), new Float32Array(theta.length)];
    expectClose([await penalised.problems[0]!.objective.gradient(theta, g)], [f + penalty], 1e-6);
    const direction = randomTheta(theta.length, 9);
    const at = (t: number) =>
      penalised.problems[0]!.objective.value(theta.map((v, i) => v + t * direction[i]!));
    const slope = g.reduce((sum, value, i) => sum + value * direction[i]!, 0);
    expectClose([((await at(1e-2)) - (await at(-1e-2))) / 2e-2], [slope], 1e-3);
  });
});
