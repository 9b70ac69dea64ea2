// TensorFlow.js' tutorial "Handwritten digit recognition with CNNs", on digits that this program draws.
//
//   node examples/tutorials/mnist.mjs
import * as tf from "@tensorflow/tfjs";
import { fit } from "apts";

/** Rows of five points, from the left, as bits. */
const GLYPHS = [
  [14, 17, 19, 21, 25, 17, 14],
  [4, 12, 4, 4, 4, 4, 14],
  [14, 17, 1, 2, 4, 8, 31],
  [31, 2, 4, 2, 1, 17, 14],
  [2, 6, 10, 18, 31, 2, 2],
  [31, 16, 30, 1, 1, 17, 14],
  [6, 8, 16, 30, 17, 17, 14],
  [31, 1, 2, 4, 8, 8, 8],
  [14, 17, 17, 14, 17, 17, 14],
  [14, 17, 17, 15, 1, 2, 12],
];
const ALL = [0, 1, 2, 3, 4, 5, 6, 7, 8, 9];

const drawn = (seed) => tf.initializers.varianceScaling({ seed }); // the same network every time
const model = tf.sequential();
model.add(tf.layers.conv2d({ inputShape: [14, 14, 1], kernelSize: 5, filters: 8, activation: "relu", kernelInitializer: drawn(1) })); // prettier-ignore
model.add(tf.layers.maxPooling2d({ poolSize: [2, 2], strides: [2, 2] }));
model.add(tf.layers.conv2d({ kernelSize: 3, filters: 16, activation: "relu", kernelInitializer: drawn(2) }));
model.add(tf.layers.flatten());
model.add(tf.layers.dense({ units: 10, kernelInitializer: drawn(3), activation: "softmax" }));
model.compile({ optimizer: tf.train.adam(), loss: "categoricalCrossentropy", metrics: ["accuracy"] });

const train = digits(2000, ALL, linearCongruential(4));
const test = digits(300, ALL, linearCongruential(5));
const oneHot = (labels) => tf.oneHot(tf.tensor1d(labels, "int32"), 10).toFloat();
const [xs, ys, testXs, testYs] = [train.images, oneHot(train.labels), test.images, oneHot(test.labels)];
const callbacks = {
  onEpochEnd: (epoch, { loss, val_acc }) =>
    console.log(`epoch ${epoch}: loss ${loss.toFixed(3)}, accuracy ${val_acc.toFixed(3)}`),
};
const options = { batchSize: 200, validationData: [testXs, testYs], epochs: 10, shuffle: true, callbacks };
// await model.fit(xs, ys, options);
await fit(model, xs, ys, options);

const accuracy = model.evaluate(testXs, testYs)[1].dataSync()[0];
console.log(`accuracy on digits it has not seen: ${accuracy.toFixed(3)}`);
process.exit(accuracy > 0.85 ? 0 : 1);

/** Digits of 5 × 7 points, moved about on 14 × 14, of uneven strength, under noise: (count, 14, 14, 1). */
function digits(count, classes, random) {
  const images = new Float32Array(count * 14 * 14);
  const labels = Array.from({ length: count }, () => classes[Math.floor(classes.length * random())]);
  for (const [i, label] of labels.entries()) {
    const [top, left, strength] = [Math.floor(8 * random()), Math.floor(10 * random()), 0.6 + 0.4 * random()];
    for (let at = 0; at < 14 * 14; at++) images[i * 14 * 14 + at] = 0.2 * random();
    for (const [row, bits] of GLYPHS[label].entries())
      for (let column = 0; column < 5; column++)
        if ((bits >> (4 - column)) & 1) images[(i * 14 + top + row) * 14 + left + column] += strength;
  }
  return { images: tf.tensor4d(images, [count, 14, 14, 1]), labels };
}

function linearCongruential(state) {
  return () => (state = (state * 1664525 + 1013904223) % 2 ** 32) / 2 ** 32;
}
