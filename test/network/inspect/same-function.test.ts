import { beforeAll, describe, expect, it } from "vitest";
import type { ComputeBackend } from "../../../src/compute/backend.js";
import { tf } from "../../../src/compute/tensorflow.js";
import { checkModel } from "../../../src/network/inspect/check-model.js";
import { wholeTensors } from "../../../src/network/tensor-part.js";
import { expectClose } from "../../helpers/compute/compare.js";
import {
  compiledOn,
  dispose,
  MEMORY,
  randomChunk,
  randomTheta,
  scoreOf,
  tapeOf,
  wasm,
} from "../../helpers/network/networks.js";

const { layers } = tf;
type Layer = tf.layers.Layer;
const sequential = (...list: Layer[]) => tf.sequential({ layers: list });
const input = { inputShape: [4] };

/** As a functional model from `shape`. */
function functional(shape: number[], ...list: Layer[]): tf.LayersModel {
  const x = tf.input({ shape });
  const outputs = list.reduce<tf.SymbolicTensor>((h, layer) => layer.apply(h) as tf.SymbolicTensor, x);
  return tf.model({ inputs: x, outputs });
}

/** Ways to write softmax(xW + b) with 3 classes. */
const softmaxes: Record<string, { make: () => tf.LayersModel }> = {
  logits: { make: () => sequential(layers.dense({ units: 3, ...input })) },
  activation: {
    make: () => sequential(layers.dense({ units: 3, activation: "softmax", ...input })),
  },
  "softmax layer": {
    make: () => sequential(layers.dense({ units: 3, ...input }), layers.softmax()),
  },
  "softmax along axis 1": {
    make: () => sequential(layers.dense({ units: 3, ...input }), layers.softmax({ axis: 1 })),
  },
  "logSoftmax activation": {
    make: () => sequential(layers.dense({ units: 3, activation: "logSoftmax" as "softmax", ...input })),
  },
  "nested sequential, first": {
    make: () => sequential(sequential(layers.dense({ units: 3, activation: "softmax", ...input }))),
  },
  "nested sequential, second": {
    make: () =>
      sequential(
        layers.reshape({ targetShape: [4], inputShape: [2, 2] }),
        sequential(layers.dense({ units: 3, activation: "softmax", ...input })),
      ),
  },
  "nested functional": {
    make: () => functional([4], functional([4], layers.dense({ units: 3, activation: "softmax" }))),
  },
  "nested twice": {
    make: () =>
      functional([4], functional([4], functional([4], layers.dense({ units: 3 })), layers.softmax())),
  },
  "softmax in front of a nested model that renames": {
    make: () =>
      functional(
        [4],
        layers.dense({ units: 3, activation: "softmax" }),
        functional([3], layers.reshape({ targetShape: [3] })),
      ),
  },
  "then reshape": {
    make: () =>
      sequential(
        layers.dense({ units: 3, ...input }),
        layers.reshape({ targetShape: [1, 3] }),
        layers.activation({ activation: "softmax" }),
        layers.reshape({ targetShape: [3] }),
      ),
  },
  "then permute and flatten": {
    make: () =>
      sequential(
        layers.dense({ units: 3, activation: "softmax", ...input }),
        layers.reshape({ targetShape: [3, 1] }),
        layers.permute({ dims: [2, 1] }),
        layers.flatten(),
      ),
  },
  "convolution, then flatten": {
    make: () =>
      sequential(
        layers.reshape({ targetShape: [1, 1, 4], ...input }),
        layers.conv2d({ filters: 3, kernelSize: 1, activation: "softmax" }),
        layers.flatten(),
      ),
  },
  "then linear": {
    make: () =>
      sequential(
        layers.dense({ units: 3, activation: "softmax", ...input }),
        layers.activation({ activation: "linear" }),
      ),
  },
  "then no dropout": {
    make: () =>
      sequential(layers.dense({ units: 3, activation: "softmax", ...input }), layers.dropout({ rate: 0 })),
  },
};

/** Ways to write a network with batch normalisation: W₂ relu(bn(xW₁)). */
const batchNorms: Record<string, { make: (bn: Layer) => tf.LayersModel }> = {
  flat: {
    make: (bn) =>
      sequential(layers.dense({ units: 5, ...input }), bn, layers.reLU(), layers.dense({ units: 3 })),
  },
  "nested, first": {
    make: (bn) =>
      sequential(
        sequential(layers.dense({ units: 5, ...input }), bn, layers.reLU()),
        layers.dense({ units: 3 }),
      ),
  },
  "nested functional": {
    make: (bn) =>
      functional(
        [4],
        functional([4], layers.dense({ units: 5 }), bn, layers.reLU()),
        layers.dense({ units: 3 }),
      ),
  },
  "nested, behind a permutation": {
    make: (bn) =>
      functional(
        [4],
        functional([4], layers.dense({ units: 5 }), layers.permute({ dims: [1] }), bn),
        layers.reLU(),
        layers.dense({ units: 3 }),
      ),
  },
};

let backend: ComputeBackend;
beforeAll(async () => {
  backend = await wasm();
});

interface Results {
  readonly loss: number;
  readonly gradient: Float32Array;
  readonly statistics: Float32Array;
  readonly score: number;
}

async function evaluate(model: tf.LayersModel, heap: boolean): Promise<Results> {
  const evaluator = heap ? compiledOn(model, backend.heap!, MEMORY) : await tapeOf(model);
  const { layout } = evaluator;
  const chunk = randomChunk(model, 40, 1);
  evaluator.setParameters(randomTheta(layout.dimension, 2));
  const gradient = new Float32Array(layout.dimension);
  const loss = await evaluator.gradient(chunk, 1 / 40, wholeTensors(layout), gradient);
  expect(await evaluator.loss(chunk, 1 / 40)).toBe(loss);
  const statistics = new Float32Array(evaluator.statisticsSize);
  await evaluator.statistics(chunk, 1, statistics);
  if (statistics.length > 0) evaluator.setStatistics(statistics);
  const { loss: score } = await scoreOf(evaluator, chunk);
  evaluator.dispose();
  dispose(chunk);
  return { loss, gradient, statistics, score };
}

function expectSame(got: Results, wanted: Results): void {
  expectClose([got.loss, got.score], [wanted.loss, wanted.score], 1e-6);
  expectClose(got.gradient, wanted.gradient, 1e-5);
  expectClose(got.statistics, wanted.statistics, 1e-5);
}

describe("the same function, written in other ways, has the same loss", () => {
  it.each(Object.entries(softmaxes))("softmax: %s", async (_, { make }) => {
    const wanted = await evaluate(softmaxes["logits"]!.make(), false);
    checkModel(make(), "the test");
    expectSame(await evaluate(make(), false), wanted);
    expectSame(await evaluate(make(), true), wanted);
  });

  it("leaves the model as it was: its results are probabilities", async () => {
    for (const [name, { make }] of Object.entries(softmaxes)) {
      if (name.startsWith("log")) continue;
      const model = make();
      await evaluate(model, false);
      const results = model.predict(tf.ones([1, ...(model.inputs[0]!.shape.slice(1) as number[])]));
      expect(tf.sum(results as tf.Tensor).dataSync()[0]).toBeCloseTo(1, 5);
    }
  });

  for (const config of [{}, { scale: false }, { center: false }]) {
    it.each(Object.entries(batchNorms))(
      `batch normalisation ${JSON.stringify(config)}: %s`,
      async (_, { make }) => {
        const wanted = await evaluate(batchNorms["flat"]!.make(layers.batchNormalization(config)), true);
        expect(wanted.statistics).toHaveLength(10);
        const model = () => make(layers.batchNormalization(config));
        checkModel(model(), "the test");
        expectSame(await evaluate(model(), false), wanted);
        expectSame(await evaluate(model(), true), wanted);
      },
    );
  }

  it.each(Object.entries(batchNorms))("frozen batch normalisation: %s", async (_, { make }) => {
    const frozen = () =>
      layers.batchNormalization({
        trainable: false,
        movingMeanInitializer: tf.initializers.constant({ value: 0.3 }),
        movingVarianceInitializer: tf.initializers.constant({ value: 4 }),
      });
    // The same as scaling by hand.
    const scaled = sequential(
      layers.dense({ units: 5, ...input }),
      layers.rescaling({ scale: 1 / Math.sqrt(4 + 1e-3), offset: -0.3 / Math.sqrt(4 + 1e-3) }),
      layers.reLU(),
      layers.dense({ units: 3 }),
    );
    const wanted = await evaluate(scaled, false);
    for (const kind of [false, true]) {
      const model = make(frozen());
      expectSame(await evaluate(model, kind), wanted);
      const moving = model.weights.find(({ originalName }) => originalName.includes("moving_mean"))!;
      expectClose(moving.read().dataSync(), new Float32Array(5).fill(0.3));
    }
  });

  it("keeps the statistics of batch normalisation in a nested model that is not trained", async () => {
    for (const heap of [false, true]) {
      const base = functional([4], layers.dense({ units: 5 }), layers.batchNormalization(), layers.reLU());
      base.trainable = false;
      const evaluator = functional([4], base, layers.dense({ units: 3 }));
      expect((await evaluate(evaluator, heap)).statistics).toHaveLength(0);
    }
  });
});
