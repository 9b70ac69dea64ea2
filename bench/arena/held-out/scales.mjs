/** A linear model of 100 features that depend on each other, whose units lie a factor of 1000 apart. */
import { randomOf, rows, seeded } from "./random.mjs";

const WIDTH = 100;
const FACTORS = 20;
const { normal: fixed } = randomOf(5);
const mix = rows(WIDTH, () => rows(FACTORS, fixed));
const truth = rows(WIDTH, fixed);

function samples(count, seed) {
  const { normal } = randomOf(seed);
  const all = rows(count, () => {
    const factors = rows(FACTORS, normal);
    const z = mix.map(
      (row) => row.reduce((sum, w, k) => sum + w * factors[k], 0) / Math.sqrt(FACTORS) + 0.5 * normal(),
    );
    const score = z.reduce((sum, value, j) => sum + truth[j] * value, 0) / Math.sqrt(WIDTH);
    const x = z.map((value, j) => value * 10 ** (3 * (j / (WIDTH - 1)) - 1.5));
    return { x, y: score + 0.3 * normal() > 0 ? 1 : 0 };
  });
  return { features: all.map(({ x }) => x), labels: all.map(({ y }) => y), classes: 2 };
}

export const createData = () => ({ train: samples(6000, 1), test: samples(2000, 2) });

export function createModel({ tf, seed }) {
  const layers = [tf.layers.dense({ units: 1, activation: "sigmoid", inputShape: [WIDTH] })];
  return seeded(tf, tf.sequential({ layers }), seed);
}
