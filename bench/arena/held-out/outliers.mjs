/** Twelve features and a target near 100; a tenth of the measurements are wrong by as much, those to measure with none. */
import { randomOf, rows } from "./random.mjs";

const { normal: fixed } = randomOf(17);
const [w, v] = [rows(12, fixed), rows(12, fixed)];
const dot = (a, b) => a.reduce((sum, x, i) => sum + x * b[i], 0);

function samples(count, seed, wrong) {
  const { uniform, normal } = randomOf(seed);
  const all = rows(count, () => {
    const x = rows(12, normal);
    const clean = 10 * Math.sin(dot(x, w)) + 5 * Math.abs(dot(x, v)) + 100;
    return { x, y: [clean + normal() + (uniform() < wrong ? 100 * normal() : 0)] };
  });
  return { features: all.map(({ x }) => x), targets: all.map(({ y }) => y) };
}

export const createData = () => ({ train: samples(6000, 1, 0.1), test: samples(2000, 2, 0) });
