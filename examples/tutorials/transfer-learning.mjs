// TensorFlow.js' example mnist-transfer-cnn: learned on digits 0 to 4, the convolutions stay for digits 5 to 9.
//
//   node examples/tutorials/transfer-learning.mjs
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
const [LOW, HIGH] = [[0, 1, 2, 3, 4], [5, 6, 7, 8, 9]]; // prettier-ignore

const convolutions = [
  tf.layers.conv2d({ inputShape: [14, 14, 1], kernelSize: 5, filters: 8, activation: "relu" }),
  tf.layers.maxPooling2d({ poolSize: 2 }),
  tf.layers.conv2d({ kernelSize: 3, filters: 16, activation: "relu" }),
  tf.layers.flatten(),
];
const head = () => [
  tf.layers.dense({ units: 32, activation: "relu" }),
  tf.layers.dense({ units: 5, activation: "softmax" }),
];

const first = tf.sequential({ layers: [...convolutions, ...head()] });
const onLow = await train(first, LOW, 2000, 15);
for (const layer of convolutions) layer.trainable = false;
const kept = convolutions[0].getWeights()[0].dataSync().slice();
const second = tf.sequential({ layers: [...convolutions, ...head()] });
const onHigh = await train(second, HIGH, 2000, 25);
const changed = convolutions[0]
  .getWeights()[0]
  .dataSync()
  .some((weight, i) => weight !== kept[i]);

console.log(
  `accuracy on 0 to 4: ${onLow.toFixed(3)}, on 5 to 9 with the same convolutions: ${onHigh.toFixed(3)}`,
);
process.exit(onLow > 0.85 && onHigh > 0.75 && !changed ? 0 : 1);

/** The accuracy on digits that it has not seen. */
async function train(model, classes, count, epochs) {
  model.compile({ loss: "categoricalCrossentropy", optimizer: "adam", metrics: ["accuracy"] });
  const data = digits(count, classes, linearCongruential(11));
  const oneHot = (labels) =>
    tf
      .oneHot(
        tf.tensor1d(
          labels.map((label) => label % 5),
          "int32",
        ),
        5,
      )
      .toFloat();
  const [x, y] = [data.images, oneHot(data.labels)];
  // await model.fit(x, y, { batchSize: 250, epochs });
  await fit(model, x, y, { batchSize: 250, epochs });
  const test = digits(200, classes, linearCongruential(12));
  return model.evaluate(test.images, oneHot(test.labels))[1].dataSync()[0];
}

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
