/** 150 flowers of three species with the means and deviations of Fisher's irises. */
import { randomOf, rows } from "./random.mjs";

const SPECIES = [
  { mean: [5.0, 3.4, 1.5, 0.2], deviation: [0.35, 0.38, 0.17, 0.1] },
  { mean: [5.9, 2.8, 4.3, 1.3], deviation: [0.52, 0.31, 0.47, 0.2] },
  { mean: [6.6, 3.0, 5.6, 2.0], deviation: [0.64, 0.32, 0.55, 0.27] },
];

function samples(count, seed) {
  const { normal } = randomOf(seed);
  const features = rows(count, (i) => {
    const { mean, deviation } = SPECIES[i % 3];
    return mean.map((m, j) => m + deviation[j] * normal());
  });
  return { features, labels: rows(count, (i) => i % 3) };
}

export const createData = () => ({ train: samples(150, 1), test: samples(600, 2) });
