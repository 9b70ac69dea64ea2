/** Images of MNIST through a bottleneck of sixteen numbers, and back. */
import { images } from "./images.mjs";
import { rows, seeded } from "./random.mjs";

function samples(part, count) {
  const pixels = images(part, count);
  const features = rows(count, (i) =>
    Array.from(pixels.subarray(784 * i, 784 * (i + 1)), (byte) => byte / 255),
  );
  return { features, targets: features };
}

export const createData = () => ({ train: samples("train", 6000), test: samples("t10k", 1000) });

export function createModel({ tf, seed }) {
  const { dense } = tf.layers;
  const layers = [
    dense({ units: 64, activation: "relu", inputShape: [784] }),
    dense({ units: 16 }),
    dense({ units: 64, activation: "relu" }),
    dense({ units: 784, activation: "sigmoid" }),
  ];
  return seeded(tf, tf.sequential({ layers }), seed);
}
