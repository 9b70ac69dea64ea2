import fc from "fast-check";
import { beforeAll, describe, expect, it } from "vitest";
import type { ComputeBackend } from "../../../src/compute/backend.js";
import { tf } from "../../../src/compute/tensorflow.js";
import { UnsupportedLayer } from "../../../src/network/compiled/layer-call.js";
import { seeds, sizes } from "../../helpers/compute/compare.js";
import { expectAgreement, expectDifferences, compiledOn, wasm } from "../../helpers/network/networks.js";

let backend: ComputeBackend;
beforeAll(async () => {
  backend = await wasm();
});

/** A sequence (steps, width) through `layers`, the first of which is behind a dense one, to three logits. */
function classifier([steps, width]: [number, number], ...layers: tf.layers.Layer[]): tf.LayersModel {
  const model = tf.sequential();
  model.add(tf.layers.dense({ inputShape: [steps, 3], units: width }));
  for (const layer of layers) model.add(layer);
  if (model.outputs[0]!.shape.length > 2) model.add(tf.layers.flatten());
  model.add(tf.layers.dense({ units: 3 }));
  return model;
}

const KINDS = { LSTM: tf.layers.lstm, GRU: tf.layers.gru, SimpleRNN: tf.layers.simpleRNN };
type Kind = keyof typeof KINDS;
type Settings = Parameters<typeof tf.layers.lstm>[0] & Parameters<typeof tf.layers.gru>[0];

const layerOf = (kind: Kind, settings: Settings) => KINDS[kind](settings) as tf.layers.Layer;
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
          const model = classifier(shape, layer);
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
        classifier([1, 3], layerOf(kind, { units: 4, returnSequences })),
        5,
        1,
      );
    }
  });

  it("agrees where one follows another", async () => {
    const model = classifier(
      [5, 4],
      layerOf(kind, { units: 6, returnSequences: true }),
      layerOf(kind, { units: 3, goBackwards: true, returnSequences: true }),
      layerOf(kind, { units: 5 }),
    );
    await expectAgreement(backend, model, 70, 3, 2e-5);
  });

  it("leaves to the tape what it does not honour", () => {
    for (const setting of [{ dropout: 0.5 }, { recurrentDropout: 0.5 }]) {
      expect(() => compile(classifier([3, 2], layerOf(kind, { units: 2, ...setting })))).toThrow(
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
