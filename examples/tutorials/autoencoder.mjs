// TensorFlow.js' autoencoder example: pictures through a bottleneck of eight numbers, and back.
//
//   node examples/tutorials/autoencoder.mjs
import * as tf from "@tensorflow/tfjs";
import { fit } from "apts";

const SIDE = 8;
const random = linearCongruential(7);
const xs = pictures(1000);
const others = pictures(100);

const encoder = tf.sequential({ name: "encoder" });
encoder.add(tf.layers.dense({ inputShape: [SIDE * SIDE], units: 32, activation: "relu" }));
encoder.add(tf.layers.dense({ units: 8, activation: "linear" }));
const decoder = tf.sequential({ name: "decoder" });
decoder.add(tf.layers.dense({ inputShape: [8], units: 32, activation: "relu" }));
decoder.add(tf.layers.dense({ units: SIDE * SIDE, activation: "sigmoid" }));
const autoencoder = tf.sequential({ layers: [encoder, decoder] });
autoencoder.compile({ optimizer: "adam", loss: "binaryCrossentropy" });

// const { history } = await autoencoder.fit(xs, xs, { epochs: 100, verbose: 0 });
const { history } = await fit(autoencoder, xs, xs, { epochs: 100, verbose: 0 });

const decoded = decoder.predict(encoder.predict(others));
const error = decoded.sub(others).abs().mean().dataSync()[0];
const ofMean = others.sub(xs.mean(0)).abs().mean().dataSync()[0];
console.log(`loss ${history.loss[0].toFixed(3)} → ${history.loss.at(-1).toFixed(3)}; a pixel is off by ${error.toFixed(3)}, by the mean picture ${ofMean.toFixed(3)}`); // prettier-ignore
process.exit(error < ofMean / 2 ? 0 : 1);

/** A bright rectangle each. */
function pictures(count) {
  const pixels = new Float32Array(count * SIDE * SIDE);
  for (let i = 0; i < count; i++) {
    const [top, left] = [Math.floor(5 * random()), Math.floor(5 * random())];
    const [height, width] = [2 + Math.floor(2 * random()), 2 + Math.floor(2 * random())];
    for (let row = top; row < top + height; row++)
      for (let column = left; column < left + width; column++) pixels[(i * SIDE + row) * SIDE + column] = 1;
  }
  return tf.tensor2d(pixels, [count, SIDE * SIDE]);
}

function linearCongruential(state) {
  return () => (state = (state * 1664525 + 1013904223) % 2 ** 32) / 2 ** 32;
}
