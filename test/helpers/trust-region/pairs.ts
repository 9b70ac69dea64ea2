import { innerProductsWithTwo } from "../../../src/linalg/columns.js";
import { emptyGram, withProducts } from "../../../src/trust-region/l-sr1/gram.js";
import { spectrumOfPairs, type Pairs } from "../../../src/trust-region/l-sr1/pairs.js";
import type { Dense } from "./dense.js";

/** The L-SR1 matrix of these very pairs and this γ, by no rule: what an oracle has, or a property draws. */
export function pairsOf(gamma: number, s: readonly Float32Array[], y: readonly Float32Array[]): Pairs {
  const gram = s.reduce((before, sk, k) => {
    const [withS, withY] = innerProductsWithTwo([...s.slice(0, k + 1), ...y.slice(0, k + 1)], sk, y[k]!);
    return withProducts(before, {
      ss: [...withS.subarray(0, k + 1)],
      ys: [...withS.subarray(k + 1)],
      sy: [...withY.subarray(0, k + 1)],
      yy: [...withY.subarray(k + 1)],
    });
  }, emptyGram);
  return { gamma, s, y, gram };
}

/** B, (n, n), from the spectrum: γI + Σ (λ_i − γ) q_i q_iᵀ. */
export function matrixOf(pairs: Pairs, n: number): Dense {
  const { s, y, gamma } = pairs;
  const { basis, values } = spectrumOfPairs(pairs);
  const Q = basis.map((w) =>
    Array.from({ length: n }, (_, i) =>
      s.reduce((sum, _, j) => sum + w[j]! * (y[j]![i]! - gamma * s[j]![i]!), 0),
    ),
  );
  return Array.from({ length: n }, (_, i) =>
    Array.from({ length: n }, (_, l) =>
      Q.reduce((sum, q, j) => sum + (values[j]! - gamma) * q[i]! * q[l]!, i === l ? gamma : 0),
    ),
  );
}
