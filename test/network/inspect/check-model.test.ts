import { describe, expect, it } from "vitest";
import { tf } from "../../../src/compute/tensorflow.js";
import { UsageError } from "../../../src/errors.js";
import { checkModel } from "../../../src/network/inspect/check-model.js";

const { layers } = tf;
type Layer = tf.layers.Layer;
const sequential = (...list: Layer[]) => tf.sequential({ layers: list });
const input = { inputShape: [4] };
const steps = { inputShape: [5, 2] };
const images = { inputShape: [6, 6, 2] };
const out = (config = {}) => layers.dense({ units: 3, ...config });
const compiled = (loss: tf.ModelCompileArgs["loss"], activation: "linear" | "softmax") => {
  const model = sequential(out({ ...input, activation, name: "classes" }));
  model.compile({ loss, optimizer: "sgd" });
  return model;
};
const inModel = (...list: Layer[]) => {
  const x = tf.input({ shape: [4] });
  const y = list.reduce<tf.SymbolicTensor>((h, layer) => layer.apply(h) as tf.SymbolicTensor, x);
  return tf.model({ inputs: x, outputs: y });
};

/** What is refused, and a part of the sentence: the layer and the field. */
const refused: Record<string, [() => unknown, RegExp]> = {
  nothing: [() => undefined, /LayersModel .* got undefined/],
  "a function": [() => () => 1, /LayersModel .* got function/],
  "a graph model": [() => ({ executor: {}, executeAsync: () => 1 }), /GraphModel/],
  "an empty model": [() => tf.sequential(), /with layers/],
  "nothing trainable": [() => sequential(out({ ...input, trainable: false })), /trainable parameters/],
  constraint: [
    () => sequential(out({ ...input, kernelConstraint: "nonNeg", name: "mine" })),
    /kernelConstraint of Dense "mine"/,
  ],
  "batch normalisation with a constraint": [
    () => sequential(layers.batchNormalization({ gammaConstraint: "nonNeg", ...input }), out()),
    /gammaConstraint of BatchNormalization/,
  ],
  stateful: [
    () => sequential(layers.lstm({ units: 2, stateful: true, batchInputShape: [7, 5, 2] }), out()),
    /stateful of LSTM/,
  ],
  "a nested mask": [
    () =>
      sequential(
        sequential(layers.masking({ maskValue: 0, name: "mine", ...steps })),
        layers.lstm({ units: 2 }),
        out(),
      ),
    /Masking "mine" in Sequential/,
  ],
  "a mask before pooling": [
    () =>
      sequential(
        layers.masking({ maskValue: 0, name: "mine", ...steps }),
        layers.globalAveragePooling1d(),
        out(),
      ),
    /GlobalAveragePooling1D .* Masking "mine"/,
  ],
  "a mask before a sum": [
    () => {
      const x = tf.input({ shape: [5, 2] });
      const masked = layers.masking({ maskValue: 0, name: "mine" }).apply(x) as tf.SymbolicTensor;
      const sum = layers.add({ name: "sum" }).apply([masked, x]) as tf.SymbolicTensor;
      return tf.model({ inputs: x, outputs: layers.lstm({ units: 2 }).apply(sum) as tf.SymbolicTensor });
    },
    /no mask before Add "sum" .* gives it another shape .* Masking "mine"/,
  ],
  "a recurrent layer behind one that ends a mask": [
    () =>
      sequential(
        layers.masking({ maskValue: 0, name: "mine", ...steps }),
        layers.lstm({ units: 2 }),
        layers.repeatVector({ n: 5 }),
        layers.gru({ units: 2, name: "decoder" }),
      ),
    /no GRU "decoder" beside the mask of Masking "mine"/,
  ],
  "a softmax layer behind a mask": [
    () =>
      sequential(
        layers.embedding({ inputDim: 5, outputDim: 2, maskZero: true, inputLength: 3, name: "mine" }),
        layers.lstm({ units: 3 }),
        layers.softmax({ name: "last" }),
      ),
    /no Softmax "last" beside the mask of Embedding "mine" .* activation of the layer before/,
  ],
  "batch normalisation twice": [
    () => {
      const bn = layers.batchNormalization({ name: "mine" });
      return inModel(layers.dense({ units: 5 }), bn, layers.dense({ units: 5 }), bn, out());
    },
    /BatchNormalization "mine" applied 2 times/,
  ],
  "batch normalisation over time": [
    () =>
      sequential(
        layers.timeDistributed({ layer: layers.batchNormalization({ name: "mine" }), ...steps }),
        layers.flatten(),
        out(),
      ),
    /BatchNormalization "mine" in TimeDistributed/,
  ],
  "causal padding": [
    () =>
      sequential(
        layers.conv1d({ filters: 2, kernelSize: 2, padding: "causal", name: "mine", ...steps }),
        layers.flatten(),
        out(),
      ),
    /"causal" of Conv1D "mine"/,
  ],
  "a dilation that is left out": [
    () =>
      sequential(
        layers.depthwiseConv2d({ kernelSize: 1, dilationRate: [1, 2], name: "mine", ...images }),
        layers.flatten(),
        out(),
      ),
    /dilationRate 1,2 of DepthwiseConv2D "mine"/,
  ],
};

const taken: Record<string, () => tf.LayersModel> = {
  "rates, regularisers of 0": () =>
    sequential(
      layers.dropout({ rate: 0, ...input }),
      layers.gaussianNoise({ stddev: 0 }),
      out({ kernelRegularizer: tf.regularizers.l2({ l2: 0 }) }),
    ),
  "recurrent layers": () =>
    sequential(
      layers.bidirectional({ layer: layers.gru({ units: 4 }), mergeMode: "concat", ...steps }),
      out(),
    ),
  "a mask through a Bidirectional layer and a concatenation": () => {
    const x = tf.input({ shape: [5, 2] });
    const masked = layers.masking({ maskValue: 0 }).apply(x) as tf.SymbolicTensor;
    const both = layers.bidirectional({
      layer: layers.gru({ units: 2, returnSequences: true }),
      mergeMode: "concat",
    });
    const joined = layers.concatenate().apply([both.apply(masked) as tf.SymbolicTensor, masked]);
    return tf.model({
      inputs: x,
      outputs: layers.lstm({ units: 3 }).apply(joined) as tf.SymbolicTensor,
    });
  },
  "a mask that a dense layer ends in": () =>
    sequential(layers.masking({ maskValue: 0, ...steps }), layers.flatten(), out()),
  "a mask before a recurrent layer": () =>
    sequential(layers.masking({ maskValue: 0, ...steps }), layers.lstm({ units: 2 }), out()),
  "a sigmoid within": () => sequential(layers.dense({ units: 5, activation: "sigmoid", ...input }), out()),
  "relu, then softmax": () => sequential(out({ ...input, activation: "relu" }), layers.softmax()),
  "pooled logits": () =>
    sequential(layers.conv2d({ filters: 3, kernelSize: 3, ...images }), layers.globalAveragePooling2d({})),
  "a gated sum": () => {
    const x = tf.input({ shape: [4] });
    const parts = [out().apply(x), out({ activation: "sigmoid" }).apply(x)] as tf.SymbolicTensor[];
    return tf.model({ inputs: x, outputs: layers.multiply().apply(parts) as tf.SymbolicTensor });
  },
  "compiled with the right loss": () => compiled("categoricalCrossentropy", "softmax"),
  "a map of one loss": () => compiled({ classes: "sparseCategoricalCrossentropy" }, "softmax"),
  "compiled with cross-entropy of logits": () => compiled(tf.losses.softmaxCrossEntropy, "linear"),
  "a frozen batch normalisation, twice": () => {
    const bn = layers.batchNormalization({ trainable: false });
    return inModel(bn, layers.dense({ units: 4 }), bn, out());
  },
};

describe("checkModel", () => {
  it.each(Object.entries(refused))("refuses %s", (_, [make, sentence]) => {
    const model = make();
    let error: unknown;
    try {
      checkModel(model, "the model given");
    } catch (thrown) {
      error = thrown;
    }
    expect(error).toBeInstanceOf(UsageError);
    const { message } = error as UsageError;
    expect(message).toMatch(sentence);
    expect(message).toMatch(/^Expected .*[a-z"]\.$/s);
    expect(message).not.toContain("\n");
  });

  it.each(Object.entries(taken))("takes %s", (_, make) => {
    checkModel(make(), "the model given");
  });
});
