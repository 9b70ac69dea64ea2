/** Twenty labels of 50 features, of which each sample has a few. */
import { randomOf, rows, seeded } from "./random.mjs";

const { normal: fixed } = randomOf(27);
const [A, B] = [0, 1].map(() => rows(20, () => rows(50, fixed)));
const dot = (a, b) => a.reduce((sum, x, i) => sum + x * b[i], 0) / Math.sqrt(50);

function samples(count, seed) {
  const { normal } = randomOf(seed);
  const features = rows(count, () => rows(50, normal));
  const isThere = (x, j) => dot(A[j], x) + 0.7 * dot(B[j], x) ** 2 + 0.2 * normal() > 1.5;
  return { features, targets: features.map((x) => rows(20, (j) => (isThere(x, j) ? 1 : 0))) };
}

export const createData = () => ({ train: samples(8000, 1), test: samples(2000, 2) });

export function createModel({ tf, seed }) {
  const { dense } = tf.layers;
  const layers = [
    dense({ units: 64, activation: "relu", inputShape: [50] }),
    dense({ units: 64, activation: "relu" }),
    dense({ units: 20, activation: "sigmoid" }),
  ];
  return seeded(tf, tf.sequential({ layers }), seed);
}
