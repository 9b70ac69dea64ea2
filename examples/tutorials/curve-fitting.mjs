// TensorFlow.js' tutorial "Making predictions from 2D data": a curve through noisy points.
//
//   node examples/tutorials/curve-fitting.mjs
import * as tf from "@tensorflow/tfjs";
import { fit } from "apts";

const random = linearCongruential(1);
const count = 400;
const points = Array.from({ length: count }, () => {
  const x = 2 * random() - 1;
  return { x, y: curve(x) + 0.1 * (random() - 0.5) };
});

const model = tf.sequential();
const drawn = (seed) => tf.initializers.glorotUniform({ seed }); // the same curve every time
model.add(tf.layers.dense({ inputShape: [1], units: 20, activation: "tanh", kernelInitializer: drawn(1) }));
model.add(tf.layers.dense({ units: 1, kernelInitializer: drawn(2) }));
model.compile({ optimizer: tf.train.adam(), loss: "meanSquaredError", metrics: ["mse"] });

const inputs = tf.tensor2d(points.map(({ x }) => [x]));
const labels = tf.tensor2d(points.map(({ y }) => [y]));
// await model.fit(inputs, labels, { epochs: 100, shuffle: true });
await fit(model, inputs, labels, { epochs: 100, shuffle: true });

const xs = tf.linspace(-1, 1, 21);
const predicted = Array.from(model.predict(xs.expandDims(1)).dataSync());
const error = Math.max(...predicted.map((y, i) => Math.abs(y - curve(-1 + i / 10))));
console.log(`largest distance from the curve: ${error.toFixed(3)}`);
process.exit(error < 0.15 ? 0 : 1);

function curve(x) {
  return -0.8 * x ** 3 - 0.2 * x ** 2 + 0.9 * x + 0.5;
}

function linearCongruential(state) {
  return () => (state = (state * 1664525 + 1013904223) % 2 ** 32) / 2 ** 32;
}
