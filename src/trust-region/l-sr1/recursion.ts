import type { Gram } from "./gram.js";

/** Below this share of ‖s‖‖y − Bs‖, sᵀ(y − Bs) is too small to divide by (NW06 eq. 6.26). */
const SKIP = 1e-8;
/** y − Bs below this share of y is the rounding of float32 data: B already interpolates the pair. */
const INTERPOLATED = 2 ** -20;
/** ‖y − Bs‖ below this share of the terms it is the sum of is rounding: its square is a float64 sum of theirs. */
const ROUNDING = 2 ** -24;

/**
 * Which pairs enter B: L-SR1 is the recursion B ← B + r rᵀ / (rᵀs), r = y − Bs, from γI through the pairs, oldest
 * first, skipping those NW06 eq. 6.26 forbids (NW06 eq. 6.24). The compact form (docs/algorithms.md §2) of the pairs
 * not skipped is the same B, and its middle matrix is then invertible: a pair that was sound when it came may not be so
 * any more under a new γ, or with the pairs before it gone.
 *
 * Every r is Ψc, so c and the Gram matrices are all it takes: r_iᵀs_j = c_iᵀ(Ψᵀs_j), ‖r_j‖² = c_jᵀ(ΨᵀΨ)c_j.
 */
export function usablePairs(gram: Gram, gamma: number): number[] {
  const k = gram.ss.length;
  const psiS = (l: number, j: number): number => gram.sy[j]![l]! - gamma * gram.ss[j]![l]!; // ψ_lᵀs_j
  const used: { readonly index: number; readonly c: Float64Array; readonly rho: number }[] = [];
  for (let j = 0; j < k; j++) {
    // c_j = e_j − Σ_i c_i (r_iᵀs_j) / ρ_i
    const c = new Float64Array(k);
    c[j] = 1;
    for (const { c: ci, rho: rhoI } of used) {
      let riSj = 0;
      for (let l = 0; l < j; l++) riSj += ci[l]! * psiS(l, j);
      for (let l = 0; l < j; l++) c[l]! -= (ci[l]! * riSj) / rhoI;
    }
    let rho = 0; // r_jᵀs_j
    let rr = 0; // ‖r_j‖²
    let summed = 0; // Σ |c_l| (‖y_l‖ + γ‖s_l‖) ≥ ‖r_j‖
    for (let l = 0; l <= j; l++) {
      rho += c[l]! * psiS(l, j);
      for (let q = 0; q <= j; q++) rr += c[l]! * c[q]! * psiPsi(gram, gamma, l, q);
      summed += Math.abs(c[l]!) * (Math.sqrt(gram.yy[l]![l]!) + gamma * Math.sqrt(gram.ss[l]![l]!));
    }
    const r = Math.sqrt(Math.max(0, rr));
    const sound = Math.abs(rho) >= SKIP * Math.sqrt(gram.ss[j]![j]!) * r && rho !== 0;
    const news = r > INTERPOLATED * Math.sqrt(gram.yy[j]![j]!) && r > ROUNDING * summed;
    if (sound && news) used.push({ index: j, c, rho });
  }
  return used.map(({ index }) => index);
}

/** ψ_iᵀψ_j, ψ = y − γs. */
export function psiPsi({ ss, sy, yy }: Gram, gamma: number, i: number, j: number): number {
  return yy[i]![j]! - gamma * (sy[i]![j]! + sy[j]![i]!) + gamma * gamma * ss[i]![j]!;
}
