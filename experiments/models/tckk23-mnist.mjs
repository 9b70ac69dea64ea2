import { firstWeights } from "./first-weights.mjs";

/**
 * TCKK23's network for MNIST, 784-32-32-10, as its authors' code has it: sigmoids stand in front of the softmax, so that
 * no sample's loss falls below ln(1 + 9/e) = 1.461.
 */
export function createModel({ tf, seed, sampleShape, classes }) {
  const { layers } = tf;
  const first = firstWeights(tf, seed);
  const pixels = sampleShape.reduce((product, size) => product * size, 1);
  return tf.sequential({
    layers: [
      layers.flatten({ inputShape: sampleShape }),
      layers.dense({ units: 32, activation: "relu", ...first(pixels) }),
      layers.dense({ units: 32, activation: "relu", ...first(32) }),
      layers.dense({ units: classes, activation: "sigmoid", ...first(32) }),
      layers.softmax(),
    ],
  });
}
