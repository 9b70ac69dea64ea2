// TensorFlow.js' example of movie reviews: is a text for or against? Words are embedded and averaged.
//
//   node examples/tutorials/sentiment.mjs
import * as tf from "@tensorflow/tfjs";
import { fit } from "apts";

const FOR = ["wonderful", "moving", "brilliant", "funny", "superb", "touching", "masterpiece", "clever", "loved", "charming"]; // prettier-ignore
const AGAINST = ["boring", "awful", "flat", "tedious", "clumsy", "dreadful", "waste", "predictable", "hated", "shallow"]; // prettier-ignore
const OTHERS = "the a film movie story plot actor scene was is and with of it this that music camera end start two hours"; // prettier-ignore
const WORDS = ["<pad>", ...FOR, ...AGAINST, ...OTHERS.split(" ")];
const LENGTH = 20;

const random = linearCongruential(6);
const train = reviews(800);
const test = reviews(200);

const model = tf.sequential();
model.add(tf.layers.embedding({ inputDim: WORDS.length, outputDim: 8, inputLength: LENGTH }));
model.add(tf.layers.globalAveragePooling1d());
model.add(tf.layers.dense({ units: 1, activation: "sigmoid" }));
model.compile({ loss: "binaryCrossentropy", optimizer: "adam", metrics: ["acc"] });

// await model.fit(train.xs, train.ys, { epochs: 40, validationSplit: 0.2 });
await fit(model, train.xs, train.ys, { epochs: 40, validationSplit: 0.2 });

const accuracy = model.evaluate(test.xs, test.ys)[1].dataSync()[0];
const score = (text) => model.predict(tf.tensor2d([padded(text)], [1, LENGTH])).dataSync()[0];
const [good, bad] = [
  score("a wonderful film and a clever plot"),
  score("this was a boring waste of two hours"),
];
console.log(`accuracy ${accuracy.toFixed(3)}; "a wonderful film …" ${good.toFixed(2)}, "this was a boring …" ${bad.toFixed(2)}`); // prettier-ignore
process.exit(accuracy > 0.9 && good > 0.5 && bad < 0.5 ? 0 : 1);

/** Texts with more words of one kind than of the other. */
function reviews(count) {
  const texts = Array.from({ length: count }, (_, i) => {
    const [many, few] = i % 2 === 0 ? [FOR, AGAINST] : [AGAINST, FOR];
    const words = [pick(many), pick(many), pick(many), ...(random() < 0.5 ? [pick(few)] : [])];
    while (words.length < LENGTH - 4) words.push(pick(WORDS.slice(21)));
    return words.sort(() => random() - 0.5).join(" ");
  });
  const ys = texts.map((_, i) => [i % 2 === 0 ? 1 : 0]);
  return { xs: tf.tensor2d(texts.map(padded), [count, LENGTH]), ys: tf.tensor2d(ys) };
}

/** The numbers of the words, zeros in front. */
function padded(text) {
  const numbers = text.split(" ").map((word) => Math.max(0, WORDS.indexOf(word)));
  return [...new Array(LENGTH - numbers.length).fill(0), ...numbers];
}

function pick(list) {
  return list[Math.floor(list.length * random())];
}

function linearCongruential(state) {
  return () => (state = (state * 1664525 + 1013904223) % 2 ** 32) / 2 ** 32;
}
