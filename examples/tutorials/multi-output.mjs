// TensorFlow.js' example of simple object detection, without its pictures: one model says what there is, and how large.
//
//   node examples/tutorials/multi-output.mjs
import * as tf from "@tensorflow/tfjs";
import { fit } from "apts";

const POINTS = 24;
const random = linearCongruential(8);
const train = waves(900);
const test = waves(200);

const input = tf.input({ shape: [POINTS] });
const hidden = tf.layers.dense({ units: 32, activation: "relu" }).apply(input);
const kind = tf.layers.dense({ units: 2, activation: "softmax", name: "kind" }).apply(hidden);
const size = tf.layers.dense({ units: 1, name: "size" }).apply(hidden);
const model = tf.model({ inputs: input, outputs: [kind, size] });
model.compile({
  optimizer: "adam",
  loss: { kind: "categoricalCrossentropy", size: "meanSquaredError" },
  metrics: { kind: "accuracy", size: "mae" },
});

// const { history } = await model.fit(train.x, [train.kind, train.size], { epochs: 80, validationSplit: 0.1 });
const { history } = await fit(model, train.x, [train.kind, train.size], { epochs: 80, validationSplit: 0.1 });

console.log(`measured: ${Object.keys(history).join(", ")}`);
const accuracy = history.val_kind_acc.at(-1);
const off = model.predict(test.x)[1].sub(test.size).abs().mean().dataSync()[0];
console.log(`kind right for ${(100 * accuracy).toFixed(0)} %, size off by ${off.toFixed(3)} on other waves`);
process.exit(accuracy > 0.9 && off < 0.15 ? 0 : 1);

/** Sines and square waves of sizes from ½ to 2. */
function waves(count) {
  const kinds = Array.from({ length: count }, (_, i) => i % 2);
  const sizes = kinds.map(() => 0.5 + 1.5 * random());
  const rows = kinds.map((k, i) => {
    const phase = 2 * Math.PI * random();
    return Array.from({ length: POINTS }, (_, j) => {
      const sine = Math.sin(phase + (2 * Math.PI * j) / 12);
      return sizes[i] * (k === 0 ? sine : Math.sign(sine)) + 0.1 * (random() - 0.5);
    });
  });
  return {
    x: tf.tensor2d(rows),
    kind: tf.oneHot(tf.tensor1d(kinds, "int32"), 2).toFloat(),
    size: tf.tensor2d(sizes.map((s) => [s])),
  };
}

function linearCongruential(state) {
  return () => (state = (state * 1664525 + 1013904223) % 2 ** 32) / 2 ** 32;
}
