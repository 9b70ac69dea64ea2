import { EigenvalueDecomposition, Matrix } from "ml-matrix";

/**
 * The trust-region subproblem with L-SR1 matrices, written down densely in float64: B by its recursion, the minimum by
 * an eigen-decomposition of B and bisection. Slow, obviously right, and sharing nothing with what it checks.
 */
export type Dense = readonly (readonly number[])[];

export const dot = (a: ArrayLike<number>, b: ArrayLike<number>): number => {
  let sum = 0;
  for (let i = 0; i < a.length; i++) sum += a[i]! * b[i]!;
  return sum;
};

export const norm = (a: ArrayLike<number>): number => Math.sqrt(dot(a, a));

export const times = (B: Dense, v: ArrayLike<number>): number[] => B.map((row) => dot(row, v));

/**
 * B ← B + r rᵀ / (rᵀs), r = y − Bs, from γI, skipping by NW06 eq. 6.26 and where r is rounding. Undefined where that
 * is a matter of rounding itself: some r neither clearly rounding nor clearly more, or after a division by a small
 * rᵀs, which magnifies the rounding of everything that follows.
 */
export function denseLSR1(
  n: number,
  gamma: number,
  S: readonly ArrayLike<number>[],
  Y: readonly ArrayLike<number>[],
): Dense | undefined {
  let B: Dense = Array.from({ length: n }, (_, i) =>
    Array.from({ length: n }, (_, j) => (i === j ? gamma : 0)),
  );
  for (const [j, s] of S.entries()) {
    const y = Y[j]!;
    const Bs = times(B, s);
    const r = Bs.map((b, i) => y[i]! - b);
    const rs = dot(r, s);
    const news = norm(r) / (norm(y) + norm(Bs));
    const pivot = Math.abs(rs) / (norm(s) * (norm(y) + norm(Bs)));
    if (!(news > 2 ** -21) || Math.abs(rs) < 1e-8 * norm(s) * norm(r) || rs === 0) continue;
    if (news < 2 ** -12 || pivot < 2 ** -13) return undefined;
    B = B.map((row, i) => row.map((b, l) => b + (r[i]! * r[l]!) / rs));
  }
  return B;
}

export const model = (B: Dense, g: ArrayLike<number>, s: ArrayLike<number>): number =>
  dot(g, s) + dot(s, times(B, s)) / 2;

/** Eigenvalues ascending, with the eigenvectors as rows. */
export function eigen(B: Dense): { values: number[]; vectors: number[][] } {
  const { realEigenvalues, eigenvectorMatrix } = new EigenvalueDecomposition(
    new Matrix(B.map((row) => [...row])),
    {
      assumeSymmetric: true,
    },
  );
  return { values: realEigenvalues, vectors: eigenvectorMatrix.transpose().to2DArray() };
}

/** min gᵀs + ½ sᵀBs over ‖s‖ ≤ Δ (Moré & Sorensen 1983), by bisection on σ − σ_min. */
export function denseMinimum(B: Dense, g: ArrayLike<number>, radius: number): number {
  const { values, vectors } = eigen(B);
  const c = vectors.map((v) => dot(v, g));
  const lowest = values[0]!;
  const floor = Math.max(0, lowest);
  const solution = (t: number): number[] =>
    c.map((ci, i) => (ci === 0 ? 0 : -ci / (values[i]! - lowest + t)));
  let low = floor;
  let high = Math.max(floor, norm(g) / radius) * 2 + Number.MIN_VALUE;
  let x = solution(low);
  if (!(norm(x) <= radius)) {
    for (let i = 0; i < 2000 && low < high; i++) {
      // Halving the exponent first: σ − σ_min spans many orders of magnitude.
      const middle = high > 4 * low ? Math.max(Math.sqrt(low * high), high * 1e-10) : (low + high) / 2;
      if (middle <= low || middle >= high) break;
      if (norm(solution(middle)) > radius) low = middle;
      else high = middle;
    }
    x = solution(high);
  }
  const missing = lowest < 0 ? Math.max(0, radius ** 2 - dot(x, x)) : 0;
  return x.reduce((sum, xi, i) => sum + c[i]! * xi + (values[i]! * xi * xi) / 2, 0) + (lowest * missing) / 2;
}
