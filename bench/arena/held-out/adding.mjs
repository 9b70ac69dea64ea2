/** The adding problem (Hochreiter, Schmidhuber 1997): the sum of the two numbers that are marked, by a GRU. */
import { randomOf, rows, seeded } from "./random.mjs";

const LENGTH = 16;

function samples(count, seed) {
  const { uniform } = randomOf(seed);
  const all = rows(count, () => {
    const marked = [0, 1].map((half) => Math.floor((LENGTH / 2) * (half + uniform())));
    const x = rows(LENGTH, (i) => [uniform(), marked.includes(i) ? 1 : 0]);
    return { x, y: [marked.reduce((sum, i) => sum + x[i][0], 0)] };
  });
  return { features: all.map(({ x }) => x), targets: all.map(({ y }) => y) };
}

export const createData = () => ({ train: samples(4000, 1), test: samples(1000, 2) });

export function createModel({ tf, seed }) {
  const layers = [tf.layers.gru({ units: 24, inputShape: [LENGTH, 2] }), tf.layers.dense({ units: 1 })];
  return seeded(tf, tf.sequential({ layers }), seed);
}
