import type { EvaluateChunk } from "../../../src/linalg/tree-sum.js";

/** Partials whose float32 and float64 sums depend on the order: magnitudes from 1e-4 to 1e4, both signs. */
export function partials(seed: number): EvaluateChunk {
  const value = (i: number): number => {
    const x = Math.sin(12.9898 * i + seed) * 43758.5453;
    const fraction = x - Math.floor(x);
    return (fraction < 0.5 ? -1 : 1) * 10 ** (8 * Math.abs(Math.sin(i * 78.233 + seed)) - 4);
  };
  return (chunk, partial) => {
    for (let i = 0; i < partial.length; i++) partial[i] = value(chunk * 1009 + i);
    return Promise.resolve(value(chunk * 31 + 17));
  };
}
