/** Friedman's first regression problem: ten columns in (0, 1), of which five matter, and noise of variance 1. */
const samples = (count, seed) => {
  let state = seed;
  const uniform = () => (state = (Math.imul(state, 1664525) + 1013904223) >>> 0) / 2 ** 32;
  const normal = () => Math.sqrt(-2 * Math.log(uniform() + 1e-12)) * Math.cos(2 * Math.PI * uniform());
  const features = Array.from({ length: count }, () => Array.from({ length: 10 }, uniform));
  const of = ([a, b, c, d, e]) => 10 * Math.sin(Math.PI * a * b) + 20 * (c - 0.5) ** 2 + 10 * d + 5 * e;
  return { features, targets: features.map((row) => [of(row) + normal()]) };
};

export const createData = () => ({ train: samples(6400, 1), test: samples(1600, 2) });
