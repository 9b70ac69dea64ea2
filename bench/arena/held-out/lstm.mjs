/** The next character, by one LSTM. */
import { seeded } from "./random.mjs";

export function createModel({ tf, seed, sampleShape, classes }) {
  const layers = [
    tf.layers.embedding({ inputDim: classes, outputDim: 16, inputLength: sampleShape[0] }),
    tf.layers.lstm({ units: 64, returnSequences: true }),
    tf.layers.dense({ units: classes, activation: "softmax" }),
  ];
  return seeded(tf, tf.sequential({ layers }), seed);
}
