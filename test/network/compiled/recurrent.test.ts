import fc from "fast-check";
import { beforeAll, describe, expect, it } from "vitest";
import type { ComputeBackend } from "../../../src/compute/backend.js";
import { tf } from "../../../src/compute/tensorflow.js";
import { UnsupportedLayer } from "../../../src/network/compiled/layers/layer-call.js";
import { seeds, sizes } from "../../helpers/compute/compare.js";
import {
  classifier,
  compiledOn,
  expectAgreement,
  expectDifferences,
  logitsOf,
  wasm,
} from "../../helpers/network/networks.js";

let backend: ComputeBackend;
beforeAll(async () => {
  backend = await wasm();
});

/** A sequence of (steps, width) through `layers` to three logits. */
function sequential([steps, width]: [number, number], ...layers: tf.layers.Layer[]): tf.LayersModel {
  return classifier([steps, 3], tf.layers.dense({ units: width }), ...layers);
}

const KINDS = { LSTM: tf.layers.lstm, GRU: tf.layers.gru, SimpleRNN: tf.layers.simpleRNN };
type Kind = keyof typeof KINDS;
type Settings = Parameters<typeof tf.layers.lstm>[0] & Parameters<typeof tf.layers.gru>[0];

const layerOf = (kind: Kind, settings: Settings) => KINDS[kind](settings);
const compile = (model: tf.LayersModel) => compiledOn(model, backend.heap!);

describe.each(Object.keys(KINDS) as Kind[])("%s", (kind) => {
  it("agrees with the tape over shapes and settings", async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.tuple(fc.integer({ min: 2, max: 6 }), sizes(5)),
        fc.record(
          {
            units: sizes(9),
            returnSequences: fc.boolean(),
            goBackwards: fc.boolean(),
            useBias: fc.boolean(),
            unitForgetBias: fc.boolean(),
            activation: fc.constantFrom<"tanh" | "relu" | "linear" | "elu">("tanh", "relu", "linear", "elu"),
            recurrentActivation: fc.constantFrom<"hardSigmoid" | "sigmoid">("hardSigmoid", "sigmoid"),
          },
          { requiredKeys: ["units"] },
        ),
        fc.boolean(),
        fc.constantFrom(1, 2, 7, 64, 65, 130),
        seeds,
        async (shape, settings, frozen, rows, seed) => {
          const layer = layerOf(kind, { ...settings, trainable: !frozen });
          const model = sequential(shape, layer);
          await expectAgreement(backend, model, rows, seed, 2e-5);
          model.dispose();
        },
      ),
      { numRuns: 30 },
    );
  });

  it("follows differences of the loss where there is one step, which TensorFlow.js has no gradient of", async () => {
    for (const returnSequences of [false, true]) {
      await expectDifferences(
        backend,
        sequential([1, 3], layerOf(kind, { units: 4, returnSequences })),
        5,
        1,
      );
    }
  });

  it("agrees where one follows another", async () => {
    const model = sequential(
      [5, 4],
      layerOf(kind, { units: 6, returnSequences: true }),
      layerOf(kind, { units: 3, goBackwards: true, returnSequences: true }),
      layerOf(kind, { units: 5 }),
    );
    await expectAgreement(backend, model, 70, 3, 2e-5);
  });

  it("leaves to the tape what it does not honour", () => {
    for (const setting of [{ dropout: 0.5 }, { recurrentDropout: 0.5 }]) {
      expect(() => compile(sequential([3, 2], layerOf(kind, { units: 2, ...setting })))).toThrow(
        UnsupportedLayer,
      );
    }
    const input = tf.input({ batchShape: [4, 3, 2] });
    const stateful = layerOf(kind, { units: 2, stateful: true }).apply(input) as tf.SymbolicTensor;
    const [state] = layerOf(kind, { units: 2, returnState: true }).apply(input) as tf.SymbolicTensor[];
    const first = tf.layers.dense({ units: 2 }).apply(tf.layers.flatten().apply(input)) as tf.SymbolicTensor;
    const given = layerOf(kind, { units: 2 }).apply(input, {
      initialState: kind === "LSTM" ? [first, first] : [first],
    }) as tf.SymbolicTensor;
    for (const x of [stateful, state!, given]) {
      const outputs = tf.layers.dense({ units: 3 }).apply(x) as tf.SymbolicTensor;
      expect(() => compile(tf.model({ inputs: input, outputs }))).toThrow(UnsupportedLayer);
    }
  });
});

describe("Bidirectional", () => {
  it("agrees with the tape over layers, orders and ways to merge", async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.tuple(fc.integer({ min: 2, max: 6 }), sizes(5)),
        fc.constantFrom(...(Object.keys(KINDS) as Kind[])),
        fc.record({ units: sizes(6), returnSequences: fc.boolean(), goBackwards: fc.boolean() }),
        fc.constantFrom<"concat" | "sum" | "ave" | "mul">("concat", "sum", "ave", "mul"),
        fc.constantFrom("neither", "forwardLayer", "backwardLayer"),
        fc.constantFrom(1, 3, 70),
        seeds,
        async (shape, kind, settings, mergeMode, frozen, rows, seed) => {
          const layer = tf.layers.bidirectional({ layer: layerOf(kind, settings), mergeMode });
          const model = sequential(shape, layer);
          const inner = (layer as unknown as Record<string, tf.layers.Layer | undefined>)[frozen];
          if (inner) inner.trainable = false;
          await expectAgreement(backend, model, rows, seed, 2e-5);
          model.dispose();
        },
      ),
      { numRuns: 30 },
    );
  });

  it("leaves two results to the tape", () => {
    const input = tf.input({ shape: [3, 2] });
    const layer = tf.layers.bidirectional({
      layer: tf.layers.lstm({ units: 2 }),
      mergeMode: null!,
    });
    const [x] = layer.apply(input) as tf.SymbolicTensor[];
    expect(() =>
      compile(logitsOf(input, tf.layers.dense({ units: 2 }).apply(x!) as tf.SymbolicTensor)),
    ).toThrow(UnsupportedLayer);
  });
});

describe("TimeDistributed", () => {
  it("agrees with the tape for dense layers, activations, and layers that rename dimensions", async () => {
    const within = (layer: tf.layers.Layer) => tf.layers.timeDistributed({ layer });
    const model = classifier(
      [5, 2, 3],
      within(tf.layers.reshape({ targetShape: [3, 2] })),
      within(tf.layers.dense({ units: 4, activation: "tanh" })),
      within(tf.layers.flatten()),
      within(tf.layers.dense({ units: 6, activation: "softmax" })),
      within(tf.layers.activation({ activation: "sigmoid" })),
      within(tf.layers.leakyReLU()),
    );
    await expectAgreement(backend, model, 40, 1);
  });

  it("leaves other layers to the tape", () => {
    const layer = tf.layers.timeDistributed({ layer: tf.layers.conv1d({ filters: 2, kernelSize: 2 }) });
    expect(() => compile(classifier([4, 3, 2], layer))).toThrow(UnsupportedLayer);
  });
});
