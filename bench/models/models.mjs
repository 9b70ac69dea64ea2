/**
 * The models of bench/models/run.mjs: of each the samples (random: what is timed does not depend on them), the batch and the
 * network as a TensorFlow.js user writes it. `torch` in torch_peer.py has the same by name.
 *
 * slow: one step takes TensorFlow.js' plain backend minutes; it is left out there.
 * targets: "classes" are class numbers (count, ...targetShape) below `classes`; "numbers" lie in (0, 1).
 */
import { fileURLToPath } from "node:url";
import * as poisson from "../../examples/poisson-problem.mjs";

const relu = { activation: "relu" };

export const MODELS = {
  // Boston-like: 13 columns, one number.
  mlp: {
    count: 2000,
    batch: 32,
    inputs: [[13]],
    targets: { kind: "numbers", shape: [1] },
    loss: "meanSquaredError",
    create: (tf) =>
      tf.sequential({
        layers: [
          tf.layers.dense({ units: 64, inputShape: [13], ...relu }),
          tf.layers.dense({ units: 64, ...relu }),
          tf.layers.dense({ units: 1 }),
        ],
      }),
  },
  // The MNIST tutorial's, with dropout.
  cnn: {
    count: 2000,
    batch: 128,
    inputs: [[28, 28, 1]],
    targets: { kind: "classes", shape: [], classes: 10 },
    loss: "sparseCategoricalCrossentropy",
    create: (tf) =>
      tf.sequential({
        layers: [
          tf.layers.conv2d({ filters: 16, kernelSize: 3, inputShape: [28, 28, 1], ...relu }),
          tf.layers.maxPooling2d({ poolSize: 2 }),
          tf.layers.conv2d({ filters: 32, kernelSize: 3, ...relu }),
          tf.layers.maxPooling2d({ poolSize: 2 }),
          tf.layers.flatten(),
          tf.layers.dropout({ rate: 0.25 }),
          tf.layers.dense({ units: 64, ...relu }),
          tf.layers.dropout({ rate: 0.5 }),
          tf.layers.dense({ units: 10, activation: "softmax" }),
        ],
      }),
  },
  "resnet18-cifar": {
    count: 128,
    batch: 64,
    inputs: [[32, 32, 3]],
    targets: { kind: "classes", shape: [], classes: 10 },
    loss: "sparseCategoricalCrossentropy",
    slow: true,
    create: resnet18,
  },
  // The text generation tutorial's: one-hot characters, the next of 40.
  lstm: {
    count: 1000,
    batch: 64,
    inputs: [[40, 64]],
    targets: { kind: "classes", shape: [], classes: 64 },
    loss: "sparseCategoricalCrossentropy",
    create: (tf) =>
      tf.sequential({
        layers: [
          tf.layers.lstm({ units: 64, inputShape: [40, 64], recurrentActivation: "sigmoid" }),
          tf.layers.dense({ units: 64, activation: "softmax" }),
        ],
      }),
  },
  gpt: {
    count: 128,
    batch: 32,
    inputs: [[64]],
    codes: 65,
    targets: { kind: "classes", shape: [64], classes: 65 },
    loss: "sparseCategoricalCrossentropy",
    create: async (tf, gpt) => gpt(tf),
  },
  "two inputs": {
    count: 2000,
    batch: 64,
    inputs: [[20], [30]],
    targets: { kind: "numbers", shape: [1] },
    loss: "binaryCrossentropy",
    create: (tf) => {
      const inputs = [tf.input({ shape: [20] }), tf.input({ shape: [30] })];
      const parts = inputs.map((x) => tf.layers.dense({ units: 64, ...relu }).apply(x));
      const both = tf.layers.concatenate().apply(parts);
      const hidden = tf.layers.dense({ units: 64, ...relu }).apply(both);
      const outputs = tf.layers.dense({ units: 1, activation: "sigmoid" }).apply(hidden);
      return tf.model({ inputs, outputs });
    },
  },
  autoencoder: {
    count: 2000,
    batch: 128,
    inputs: [[784]],
    targets: { kind: "numbers", shape: [784] },
    loss: "binaryCrossentropy",
    create: (tf) =>
      tf.sequential({
        layers: [
          tf.layers.dense({ units: 128, inputShape: [784], ...relu }),
          tf.layers.dense({ units: 32, ...relu }),
          tf.layers.dense({ units: 128, ...relu }),
          tf.layers.dense({ units: 784, activation: "sigmoid" }),
        ],
      }),
  },
  poisson: {
    count: 400,
    batch: 400,
    inputs: [[2]],
    targets: { kind: "numbers", shape: [1] },
    objective: fileURLToPath(new URL("../../examples/poisson-problem.mjs", import.meta.url)),
    create: (tf) => poisson.createModel({ tf, seed: 0 }),
  },
};

function resnet18(tf) {
  const convolve = (x, filters, kernelSize, strides) => {
    const convolution = { filters, kernelSize, strides, padding: "same", useBias: false };
    return tf.layers.batchNormalization().apply(tf.layers.conv2d(convolution).apply(x));
  };
  const activate = (x) => tf.layers.reLU().apply(x);
  const input = tf.input({ shape: [32, 32, 3] });
  let x = activate(convolve(input, 64, 3, 1));
  for (const filters of [64, 128, 256, 512]) {
    for (const block of [0, 1]) {
      const strides = block === 0 && filters > 64 ? 2 : 1;
      const inner = convolve(activate(convolve(x, filters, 3, strides)), filters, 3, 1);
      const shortcut = strides === 1 ? x : convolve(x, filters, 1, 2);
      x = activate(tf.layers.add().apply([inner, shortcut]));
    }
  }
  const mean = tf.layers.globalAveragePooling2d({}).apply(x);
  const outputs = tf.layers.dense({ units: 10, activation: "softmax" }).apply(mean);
  return tf.model({ inputs: input, outputs });
}

/** Random samples of a model: inputs and targets in typed arrays. */
export function samplesOf({ count, inputs, codes, targets }) {
  let state = 1;
  const random = () => (state = (state * 48271) % 2147483647) / 2147483647;
  const size = (shape) => shape.reduce((a, b) => a * b, count);
  const draw = (length, make) => Float32Array.from({ length }, make);
  const classes = (below) => () => Math.floor(random() * below);
  return {
    x: inputs.map((shape) => draw(size(shape), codes ? classes(codes) : random)),
    y: draw(size(targets.shape), targets.kind === "classes" ? classes(targets.classes) : random),
  };
}
