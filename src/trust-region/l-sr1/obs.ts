import { combineColumns, type VectorSpace } from "../../linalg/space.js";
import { scale, type Vector } from "../../linalg/vector.js";
import type { Step } from "../models/curvature-model.js";
import { productsWith, spectrumOfPairs, type Pairs } from "./pairs.js";
import { solveDiagonal } from "./secular.js";

/** A step of ‖s‖₂ ≤ Δ, its predicted decrease −(gᵀs + ½ sᵀBs) ≥ 0. */
export interface ObsSolution extends Step {
  /** The multiplier: (B + σI)s = −g. */
  readonly sigma: number;
}

/** The ball is taken smaller by this share, so that rounding s to float32 cannot leave it. */
const MARGIN = 2 ** -24;

/**
 * OBS: the exact minimiser of gᵀs + ½ sᵀBs over ‖s‖₂ ≤ Δ for the L-SR1 matrix B (docs/algorithms.md §3, BEM17 §3):
 *
 *     (B + σI) s = −g,  σ ≥ 0,  σ(Δ − ‖s‖) = 0,  B + σI ⪰ 0
 *
 * In the coordinates (Qᵀg, ‖g⊥‖), r + 1 ≤ k + 1 of them, the subproblem is diagonal and `solveDiagonal` has all its
 * cases. A lowest eigenvector, where the hard case needs one, is always in range(Ψ): the complement has γ > 0.
 *
 * Two passes over S, Y and g: Ψᵀg, and the assembly of s. With the one pass of `withPair`, an iteration
 * moves 6k + 5 vectors of n float32. Undefined where g is not finite.
 */
export async function obs(
  pairs: Pairs,
  space: VectorSpace,
  g: Vector,
  radius: number,
): Promise<ObsSolution | undefined> {
  const { gamma, values, basis } = spectrumOfPairs(pairs);
  const { psi, square } = await productsWith(pairs, space, g);
  if (!Number.isFinite(square)) return undefined;

  // g = Σ c_i q_i + g⊥. The complement of range(Ψ), where there is one, is one coordinate more, of eigenvalue γ.
  const inRange = basis.map((w) => product(w, psi));
  const perp = Math.sqrt(Math.max(0, square - product(inRange, inRange)));
  const hasComplement = space.dimension > basis.length;
  const d = Float64Array.from(hasComplement ? [...values, gamma] : values);
  const c = Float64Array.from(hasComplement ? [...inRange, perp] : inRange);
  const { x, sigma } = solveDiagonal(d, c, radius * (1 - MARGIN));

  // s = Σ x_i q_i + αg⊥ = Σ (x_i − αc_i) Ψw_i + αg,  Ψ = Y − γS
  const alpha = hasComplement ? -1 / (gamma + sigma) : 0;
  const alongPsi = Array.from({ length: pairs.s.length }, (_, j) =>
    basis.reduce((sum, w, i) => sum + (x[i]! - alpha * inRange[i]!) * w[j]!, 0),
  );
  const s = new Float32Array(g.length);
  const coefficients = [...alongPsi.map((b) => -gamma * b), ...alongPsi, alpha];
  const norm = Math.sqrt(await combineColumns(space, coefficients, [...pairs.s, ...pairs.y, g], s));

  // Q is orthonormal to the rounding of a Gram matrix: where Ψ is nearly rank deficient, s can come out too long.
  const shrink = norm > radius ? (radius * (1 - MARGIN)) / norm : 1;
  if (shrink < 1) scale(shrink, s, s);

  // As Bs = −g − σs, −(gᵀs + ½ sᵀBs) is −½ gᵀs + ½ σ‖s‖², a sum without cancellation.
  const descent = -product(c, x);
  const predicted = (shrink - shrink ** 2 / 2) * descent + (shrink ** 2 / 2) * sigma * product(x, x);
  return { s, predicted, norm: norm * shrink, sigma };
}

function product(a: ArrayLike<number>, b: ArrayLike<number>): number {
  let sum = 0;
  for (let i = 0; i < a.length; i++) sum += a[i]! * b[i]!;
  return sum;
}
