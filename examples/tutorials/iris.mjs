// TensorFlow.js' tutorial of iris flowers: four measurements, three species.
//
//   node examples/tutorials/iris.mjs
import * as tf from "@tensorflow/tfjs";
import { fit } from "apts";

/** Mean and deviation of sepal and petal of each species, in cm. */
const SPECIES = [
  { name: "setosa", mean: [5.0, 3.4, 1.5, 0.2], deviation: [0.35, 0.38, 0.17, 0.1] },
  { name: "versicolor", mean: [5.9, 2.8, 4.3, 1.3], deviation: [0.52, 0.31, 0.47, 0.2] },
  { name: "virginica", mean: [6.6, 3.0, 5.6, 2.0], deviation: [0.64, 0.32, 0.55, 0.27] },
];
const random = linearCongruential(3);
const [xTrain, yTrain] = flowers(120);
const [xTest, yTest] = flowers(60);

const model = tf.sequential();
model.add(tf.layers.dense({ units: 10, activation: "sigmoid", inputShape: [4] }));
model.add(tf.layers.dense({ units: 3, activation: "softmax" }));
model.compile({ optimizer: tf.train.adam(0.01), loss: "categoricalCrossentropy", metrics: ["accuracy"] });

// const history = await model.fit(xTrain, yTrain, { epochs: 80, validationData: [xTest, yTest] });
const history = await fit(model, xTrain, yTrain, { epochs: 80, validationData: [xTest, yTest] });

const accuracy = history.history.val_acc.at(-1);
console.log(`accuracy ${history.history.acc.at(-1).toFixed(3)}, on other flowers ${accuracy.toFixed(3)}`);
const flower = tf.tensor2d([[5.1, 3.5, 1.4, 0.2]]);
const species = SPECIES[model.predict(flower).argMax(-1).dataSync()[0]].name;
console.log(`5.1 × 3.5 cm with a petal of 1.4 × 0.2 cm: ${species}`);
process.exit(accuracy > 0.85 && species === "setosa" ? 0 : 1);

function flowers(count) {
  const classes = Array.from({ length: count }, (_, i) => i % 3);
  const rows = classes.map((c) =>
    SPECIES[c].mean.map((mean, j) => mean + SPECIES[c].deviation[j] * normal()),
  );
  return [tf.tensor2d(rows), tf.oneHot(tf.tensor1d(classes, "int32"), 3).toFloat()];
}

function normal() {
  return Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random());
}

function linearCongruential(state) {
  return () => (state = (state * 1664525 + 1013904223) % 2 ** 32) / 2 ** 32;
}
