/** Two spirals, wound round each other, and a deep, narrow network. */
import { randomOf, rows, seeded } from "./random.mjs";

function samples(count, seed) {
  const { uniform, normal } = randomOf(seed);
  const features = rows(count, (i) => {
    const r = 0.1 + 0.9 * Math.sqrt(uniform());
    const angle = 3 * Math.PI * r + Math.PI * (i % 2);
    return [r * Math.cos(angle) + 0.02 * normal(), r * Math.sin(angle) + 0.02 * normal()];
  });
  return { features, labels: rows(count, (i) => i % 2), classes: 2 };
}

export const createData = () => ({ train: samples(4000, 1), test: samples(1000, 2) });

export function createModel({ tf, seed }) {
  const hidden = (i) =>
    tf.layers.dense({ units: 16, activation: "tanh", ...(i === 0 ? { inputShape: [2] } : {}) });
  const layers = [...rows(10, hidden), tf.layers.dense({ units: 2, activation: "softmax" })];
  return seeded(tf, tf.sequential({ layers }), seed);
}
