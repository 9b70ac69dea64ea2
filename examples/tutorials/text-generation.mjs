// TensorFlow.js' example lstm-text-generation: the next character after those before it, then a text of one's own.
//
//   node examples/tutorials/text-generation.mjs
import * as tf from "@tensorflow/tfjs";
import { fit } from "apts";

const TEXT = "the cat sat on the mat, the dog ran to the log, and the fox hid in the box. ".repeat(12);
const LENGTH = 12;
const CHARACTERS = [...new Set(TEXT)];

const starts = Array.from({ length: TEXT.length - LENGTH }, (_, i) => i);
const number = (character) => CHARACTERS.indexOf(character);
const oneHot = (text) => Array.from(text, (c) => CHARACTERS.map((other) => (other === c ? 1 : 0)));
const xs = tf.tensor3d(starts.map((i) => oneHot(TEXT.slice(i, i + LENGTH))));
const ys = tf.oneHot(tf.tensor1d(starts.map((i) => number(TEXT[i + LENGTH])), "int32"), CHARACTERS.length).toFloat(); // prettier-ignore

const model = tf.sequential();
model.add(tf.layers.lstm({ units: 32, inputShape: [LENGTH, CHARACTERS.length] }));
model.add(tf.layers.dense({ units: CHARACTERS.length, activation: "softmax" }));
model.compile({ optimizer: tf.train.rmsprop(0.01), loss: "categoricalCrossentropy" });

// await model.fit(xs, ys, { epochs: 40, batchSize: 300 });
await fit(model, xs, ys, { epochs: 40, batchSize: 300 });

let text = TEXT.slice(0, LENGTH);
while (text.length < 120) {
  const x = tf.tensor3d([oneHot(text.slice(-LENGTH))]);
  text += CHARACTERS[model.predict(x).argMax(-1).dataSync()[0]];
}
console.log(text);
const right = Array.from(text).filter((character, i) => character === TEXT[i]).length;
console.log(`${right} of ${text.length} characters as in the text`);
process.exit(right > 100 ? 0 : 1);
