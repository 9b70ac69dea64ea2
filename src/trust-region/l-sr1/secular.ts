/**
 * min cᵀx + ½ Σ d_i x_i² over ‖x‖₂ ≤ Δ: the trust-region subproblem in the eigenvectors of its matrix, whose number
 * is all its size.
 */
export interface DiagonalSolution {
  /** (D + σI)x = −c, ‖x‖ ≤ Δ. */
  readonly x: Float64Array;
  /** σ ≥ 0, with d_i + σ ≥ 0; 0 in the interior. */
  readonly sigma: number;
}

/** Far more than Newton needs from its starting point (about six); bisection alone would need about sixty. */
const MAX_ITERATIONS = 100;

/**
 * Solves (D + σI)x = −c, σ ≥ 0, σ(Δ − ‖x‖) = 0, D + σI ⪰ 0 (CGT00 §7.3, NW06 §4.3) through 1/‖x(σ)‖ = 1/Δ.
 *
 * The unknown is t = σ + min d, the distance to the pole, and enters as (d_i − min d) + t. Nearly hard cases, where
 * σ and the pole agree to all digits, are then as well conditioned as any other; only c_i = 0 exactly for every
 * lowest eigenvalue is the hard case.
 */
export function solveDiagonal(d: Float64Array, c: Float64Array, radius: number): DiagonalSolution {
  const minimum = Math.min(...d);
  const gaps = d.map((value) => value - minimum);
  const floor = Math.max(0, minimum); // t at σ = 0, or at the pole
  const at = (t: number): Float64Array => c.map((ci, i) => (ci === 0 ? 0 : -ci / (gaps[i]! + t)));

  const poleIsFree = floor > 0 || c.every((ci, i) => ci === 0 || gaps[i]! > 0);
  const { norm } = poleIsFree ? normAt(gaps, c, floor) : { norm: Infinity };
  if (norm <= radius) {
    const x = at(floor);
    // The hard case: completed to the boundary along an eigenvector of the lowest eigenvalue.
    if (minimum < 0) x[d.indexOf(minimum)] = Math.sqrt((radius - norm) * (radius + norm));
    return { x, sigma: floor - minimum };
  }
  const t = boundaryShift(gaps, c, radius, floor);
  return { x: at(t), sigma: Math.max(0, t - minimum) };
}

/**
 * The t > floor with ‖x(t)‖ = Δ. 1/‖x(t)‖ is concave and rising, so that Newton from the left of the root stays there
 * and converges monotonically, quadratically in the end; the bracket only guards against rounding.
 */
function boundaryShift(gaps: Float64Array, c: Float64Array, radius: number, floor: number): number {
  // Each |x_i| alone reaches Δ below the root; all gaps zero reach it above.
  let low = floor;
  for (let i = 0; i < c.length; i++) low = Math.max(low, Math.abs(c[i]!) / radius - gaps[i]!);
  let high = Math.max(low, Math.hypot(...c) / radius);
  let t = low;
  for (let iteration = 0; iteration < MAX_ITERATIONS; iteration++) {
    const { norm, slope } = normAt(gaps, c, t);
    if (norm > radius) low = t;
    else high = t;
    const newton = t + ((norm - radius) / radius) * (norm ** 2 / slope);
    const next = newton >= low && newton <= high ? newton : low + (high - low) / 2;
    if (Math.abs(next - t) <= Number.EPSILON * t) return next;
    t = next;
  }
  return t;
}

/** ‖x(t)‖ and −½ d‖x(t)‖²/dt = Σ c_i² / (gap_i + t)³. */
function normAt(gaps: Float64Array, c: Float64Array, t: number): { norm: number; slope: number } {
  let square = 0;
  let slope = 0;
  for (let i = 0; i < c.length; i++) {
    if (c[i] === 0) continue;
    const distance = gaps[i]! + t;
    const x = c[i]! / distance;
    square += x * x;
    slope += (x * x) / distance;
  }
  return { norm: Math.sqrt(square), slope };
}
