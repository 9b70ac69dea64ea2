/** Texts of 20 of 2000 words, as frequent as in a language (Zipf), of which few are of the class to be found. */
import { randomOf, rows, seeded } from "./random.mjs";

const WORDS = 2000;
const LENGTH = 20;
const { normal: taste } = randomOf(99);
const weight = rows(WORDS, taste);

function samples(count, seed) {
  const { uniform, normal } = randomOf(seed);
  const all = rows(count, () => {
    const x = rows(LENGTH, () => Math.floor(WORDS ** uniform()) - 1);
    const score = x.reduce((sum, word) => sum + weight[word], 0) / Math.sqrt(LENGTH);
    return { x, y: score + 0.3 * normal() > 2.2 ? 1 : 0 };
  });
  return { features: all.map(({ x }) => x), labels: all.map(({ y }) => y), classes: 2 };
}

export const createData = () => ({ train: samples(8000, 1), test: samples(4000, 2) });

export function createModel({ tf, seed }) {
  const layers = [
    tf.layers.embedding({ inputDim: WORDS, outputDim: 16, inputLength: LENGTH }),
    tf.layers.globalAveragePooling1d(),
    tf.layers.dense({ units: 1, activation: "sigmoid" }),
  ];
  return seeded(tf, tf.sequential({ layers }), seed);
}
