// Trains a small network of your own on two processes, from a program.
//
//   node examples/train.mjs
import * as tf from "@tensorflow/tfjs";
import { train } from "apts";

const model = tf.sequential({
  layers: [
    tf.layers.dense({ inputShape: [2], units: 16, activation: "tanh" }),
    tf.layers.dense({ units: 2, activation: "softmax" }),
  ],
});

const summary = await train({
  model, // trained in place
  data: { train: moons(2000, 1), test: moons(500, 2) },
  method: "apts",
  ranks: 2,
  epochs: 40,
  onEpoch: ({ epoch, loss, testAccuracy }) => {
    if (epoch % 10 === 0)
      console.log(`epoch ${epoch}: loss ${loss.toFixed(3)}, accuracy ${testAccuracy.toFixed(3)}`);
  },
});
console.log(`accuracy ${summary.testAccuracy.toFixed(3)} after ${summary.seconds} s; see ${summary.out}`);

const point = tf.tensor2d([[0, 1]]);
console.log(`the upper moon's top belongs to class ${model.predict(point).argMax(1).dataSync()[0]}`);

/** Two half circles that reach into each other: (count, 2) features, labels 0 and 1. */
function moons(count, seed) {
  const random = linearCongruential(seed);
  const features = new Float32Array(2 * count);
  const labels = new Int32Array(count);
  for (let i = 0; i < count; i++) {
    const angle = Math.PI * random();
    const upper = i % 2 === 0;
    labels[i] = upper ? 0 : 1;
    features[2 * i] = (upper ? Math.cos(angle) : 1 - Math.cos(angle)) + 0.2 * (random() - 0.5);
    features[2 * i + 1] = (upper ? Math.sin(angle) : 0.5 - Math.sin(angle)) + 0.2 * (random() - 0.5);
  }
  return { features, labels };
}

function linearCongruential(state) {
  return () => (state = (state * 1664525 + 1013904223) % 2 ** 32) / 2 ** 32;
}
