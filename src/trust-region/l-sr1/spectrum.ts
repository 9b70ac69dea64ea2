import { EigenvalueDecomposition, Matrix, solve } from "ml-matrix";
import type { Gram } from "./gram.js";
import { psiPsi, usablePairs } from "./recursion.js";

/** Directions of range(Ψ) with an eigenvalue of the scaled ΨᵀΨ, which is at most k, below this are dropped. */
const DROP = 1e-12;

/**
 * B = γI + Σ (λ_i − γ) q_i q_iᵀ with q_i = ΨW_i orthonormal: B has eigenvalues λ_i on range(Ψ), of dimension r ≤ k,
 * and γ on the complement (BEM17 §3).
 */
export interface Spectrum {
  readonly gamma: number;
  /** λ_i, (r), ascending. */
  readonly values: Float64Array;
  /** W, r columns of (k): q_i = Σ_j W_i[j] (y_j − γs_j). */
  readonly basis: readonly Float64Array[];
}

/**
 * The spectrum of the L-SR1 matrix of these pairs (BEM17 §3), all k×k: with the columns of Ψ scaled, ΨᵀΨ = VΛVᵀ,
 * Q = ΨVΛ^{−½}, and QᵀBQ − γI = Λ^{½}VᵀMVΛ^{½} = UΛ̂Uᵀ.
 *
 * Scaling a pair does not change B. Scaled by ‖y‖ + γ‖s‖, what ψ = y − γs is the difference of, the entries of ΨᵀΨ
 * have all the same rounding, and `DROP` takes away what that makes of a rank-deficient Ψ, and no pair for the
 * shortness of its step (docs/algorithms.md §3).
 */
export function spectrumOf(gram: Gram, gamma: number): Spectrum {
  const k = gram.ss.length;
  const used = usablePairs(gram, gamma);
  if (used.length === 0) return { gamma, values: new Float64Array(0), basis: [] };

  const scales = used.map((j) => 1 / (Math.sqrt(gram.yy[j]![j]!) + gamma * Math.sqrt(gram.ss[j]![j]!)));
  const square = (entry: (i: number, j: number) => number): Matrix =>
    new Matrix(used.map((i, p) => used.map((j, q) => scales[p]! * scales[q]! * entry(i, j))));

  const psiTPsi = square((i, j) => psiPsi(gram, gamma, i, j));
  // M⁻¹ = D + L + Lᵀ − γSᵀS
  const middle = square((i, j) => gram.sy[Math.max(i, j)]![Math.min(i, j)]! - gamma * gram.ss[i]![j]!);

  const { eigenvectorMatrix: V, realEigenvalues: lambda } = symmetricEigen(psiTPsi);
  const kept = lambda.flatMap((value, i) => (value > DROP ? [i] : []));
  if (kept.length === 0) return { gamma, values: new Float64Array(0), basis: [] };
  const root = kept.map((i) => Math.sqrt(lambda[i]!));
  const range = V.subMatrixColumn(kept);
  const X = range.clone().mulRowVector(root); // VΛ^{½}
  const T = X.transpose().mmul(solve(middle, X)); // Λ^{½}VᵀMVΛ^{½}
  const { eigenvectorMatrix: U, realEigenvalues: lambdaHat } = symmetricEigen(T.add(T.transpose()).mul(0.5));

  const W = range.divRowVector(root).mmul(U); // VΛ^{−½}U
  return {
    gamma,
    values: Float64Array.from(lambdaHat, (value) => value + gamma),
    basis: lambdaHat.map((_, i) => {
      const column = new Float64Array(k);
      used.forEach((j, p) => (column[j] = scales[p]! * W.get(p, i)));
      return column;
    }),
  };
}

function symmetricEigen(a: Matrix): EigenvalueDecomposition {
  return new EigenvalueDecomposition(a, { assumeSymmetric: true });
}
