// TensorFlow.js' tutorial of house prices in Boston: a regression of several features, standardised.
//
//   node examples/tutorials/housing.mjs
import * as tf from "@tensorflow/tfjs";
import { fit } from "apts";

const FEATURES = 12;
const random = linearCongruential(2);
const weights = Array.from({ length: FEATURES }, () => 4 * random() - 2);
const train = houses(400);
const test = houses(100);

// Features as they are lie far apart: the mean and deviation of those trained on bring them together.
const mean = train.features.mean(0);
const deviation = train.features.sub(mean).square().mean(0).sqrt();
const normalised = (features) => features.sub(mean).div(deviation);

const model = tf.sequential();
model.add(tf.layers.dense({ inputShape: [FEATURES], units: 50, activation: "sigmoid", kernelInitializer: "leCunNormal" })); // prettier-ignore
model.add(tf.layers.dense({ units: 50, activation: "sigmoid", kernelInitializer: "leCunNormal" }));
model.add(tf.layers.dense({ units: 1 }));
model.compile({ optimizer: tf.train.sgd(0.01), loss: "meanSquaredError" });

const onEpochEnd = (epoch, { loss, val_loss }) => {
  if (epoch % 50 === 49)
    console.log(`epoch ${epoch}: loss ${loss.toFixed(2)}, validation ${val_loss.toFixed(2)}`);
};
const [x, y] = [normalised(train.features), train.prices];
// await model.fit(x, y, { epochs: 200, validationSplit: 0.2, callbacks: { onEpochEnd } });
await fit(model, x, y, { epochs: 200, validationSplit: 0.2, callbacks: { onEpochEnd } });

const loss = model.evaluate(normalised(test.features), test.prices).dataSync()[0];
const baseline = test.prices.sub(train.prices.mean()).square().mean().dataSync()[0];
console.log(`test loss ${loss.toFixed(2)}; of the mean price ${baseline.toFixed(2)}`);
process.exit(loss < baseline / 5 ? 0 : 1);

/** Prices that bend with the features, and some noise. */
function houses(count) {
  const rows = Array.from({ length: count }, () =>
    Array.from({ length: FEATURES }, (_, j) => 10 ** (j % 3) * random()),
  );
  const prices = rows.map((row) => {
    const sum = row.reduce((total, value, j) => total + weights[j] * (value / 10 ** (j % 3)), 0);
    return [22 + 3 * sum + Math.sin(sum) + random() - 0.5];
  });
  return { features: tf.tensor2d(rows), prices: tf.tensor2d(prices) };
}

function linearCongruential(state) {
  return () => (state = (state * 1664525 + 1013904223) % 2 ** 32) / 2 ** 32;
}
