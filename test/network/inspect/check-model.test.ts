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
  "two inputs": [
    () => {
      const [a, b] = [tf.input({ shape: [4] }), tf.input({ shape: [4] })];
      const both = layers.concatenate().apply([a, b]) as tf.SymbolicTensor;
      return tf.model({ inputs: [a, b], outputs: out().apply(both) as tf.SymbolicTensor });
    },
    /one input and one output, got 2 and 1/,
  ],
  "nothing trainable": [() => sequential(out({ ...input, trainable: false })), /trainable parameters/],
  dropout: [
    () => sequential(layers.dropout({ rate: 0.1, name: "mine", ...input }), out()),
    /rate 0.1 of Dropout "mine"/,
  ],
  "dropout in a nested model": [
    () => sequential(sequential(layers.dropout({ rate: 0.1, name: "mine", ...input })), out()),
    /rate 0.1 of Dropout "mine"/,
  ],
  noise: [
    () => sequential(layers.gaussianNoise({ stddev: 0.1, name: "mine", ...input }), out()),
    /stddev 0.1 of GaussianNoise "mine"/,
  ],
  "recurrent dropout, bidirectional": [
    () =>
      sequential(
        layers.bidirectional({
          layer: layers.gru({ units: 4, recurrentDropout: 0.2 }),
          mergeMode: "concat",
          ...steps,
        }),
        out(),
      ),
    /recurrentDropout 0.2 of GRU/,
  ],
  "dropout of a cell": [
    () => sequential(layers.rnn({ cell: layers.lstmCell({ units: 2, dropout: 0.3 }), ...steps }), out()),
    /dropout 0.3 of LSTMCell/,
  ],
  "kernel regulariser": [
    () => sequential(out({ ...input, kernelRegularizer: "l1l2", name: "mine" })),
    /kernelRegularizer of Dense "mine"/,
  ],
  "embeddings regulariser": [
    () =>
      sequential(
        layers.embedding({ inputDim: 9, outputDim: 2, inputLength: 3, embeddingsRegularizer: "l1l2" }),
        layers.flatten(),
        out(),
      ),
    /embeddingsRegularizer of Embedding/,
  ],
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
  ...Object.fromEntries(
    (["sigmoid", "tanh", "relu", "elu", "softplus", "hardSigmoid"] as const).map((activation) => [
      `${activation} at the end`,
      [
        () => sequential(out({ ...input, activation, name: "mine" })),
        new RegExp(`"${activation}" of Dense "mine"`),
      ],
    ]),
  ),
  "a relu layer at the end": [
    () => sequential(out(input), layers.reLU({ name: "mine" })),
    /"relu" of ReLU "mine"/,
  ],
  "sigmoid in a nested model, then reshape": [
    () =>
      inModel(inModel(out({ activation: "sigmoid", name: "mine" })), layers.reshape({ targetShape: [3] })),
    /"sigmoid" of Dense "mine"/,
  ],
  "sigmoid, then pooling": [
    () =>
      sequential(
        layers.conv2d({ filters: 3, kernelSize: 3, activation: "sigmoid", name: "mine", ...images }),
        layers.globalAveragePooling2d({}),
      ),
    /"sigmoid" of Conv2D "mine"/,
  ],
  "an average of softmaxes": [
    () => {
      const x = tf.input({ shape: [4] });
      const parts = [1, 2].map(() => out({ activation: "softmax" }).apply(x) as tf.SymbolicTensor);
      return tf.model({ inputs: x, outputs: layers.average().apply(parts) as tf.SymbolicTensor });
    },
    /"softmax" of Dense/,
  ],
  "softmax, then rescaling": [
    () => sequential(out({ ...input, activation: "softmax" }), layers.rescaling({ scale: 2 })),
    /"softmax" of Dense/,
  ],
  "an LSTM at the end": [() => sequential(layers.lstm({ units: 3, ...steps })), /"tanh" of LSTM/],
  "softmax over another axis": [
    () =>
      sequential(layers.dense({ units: 3, activation: "softmax", name: "mine", ...steps }), layers.flatten()),
    /over an axis of \(5, 3\) in Dense "mine"/,
  ],
  "softmax used twice": [
    () => {
      const softmax = layers.softmax({ name: "mine" });
      return inModel(out(), softmax, out(), softmax);
    },
    /used once, but Softmax "mine"/,
  ],
  "softmax in a nested model used twice": [
    () => {
      const inner = inModel(layers.dense({ units: 4, activation: "softmax" }));
      return inModel(inner, inner);
    },
    /used once/,
  ],
  "softmax of a wrapped layer": [
    () =>
      sequential(
        layers.timeDistributed({
          layer: layers.dense({ units: 3, activation: "softmax" }),
          inputShape: [1, 2],
        }),
        layers.flatten(),
      ),
    /layer of its own/,
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
  "mean squared error": [() => compiled("meanSquaredError", "linear"), /"meanSquaredError" in model.compile/],
  "another loss in a list": [() => compiled(["binaryCrossentropy"], "softmax"), /"binaryCrossentropy"/],
  "a function as loss": [() => compiled((a, b) => tf.sum(tf.sub(a, b)), "softmax"), /the function/],
  "a function that is named like one": [
    () =>
      compiled(function categoricalCrossentropy(a: tf.Tensor, b: tf.Tensor) {
        return tf.sum(tf.sub(a, b));
      }, "softmax"),
    /the function categoricalCrossentropy/,
  ],
  "cross-entropy of logits": [() => compiled("categoricalCrossentropy", "linear"), /without a softmax/],
  "softmaxCrossEntropy of a softmax": [
    () => compiled(tf.losses.softmaxCrossEntropy, "softmax"),
    /applied twice/,
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
