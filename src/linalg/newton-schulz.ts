import { multiply } from "./matrix-product.js";

/** Steps and coefficients of Jordan et al., "Muon" (2024): singular values from 0.01 on come near 1, not to 1, in five steps. */
const STEPS = 5;
const [A, B, C] = [3.4445, -4.775, 2.0315] as const;
/** Keeps a matrix of zeros from being divided by its norm. */
const LEAST_NORM = 1e-7;

/**
 * About UVᵀ of X = USVᵀ (rows, columns), row by row, by a quintic Newton–Schulz iteration in float32:
 *
 *   X ← X/‖X‖_F,   five times X ← (aI + bG + cG²) X with G = XXᵀ, or X ← X (aI + bG + cG²) with G = XᵀX where that is smaller
 */
export function orthogonalised(x: Float32Array, rows: number, columns: number): Float32Array {
  const isTall = rows > columns;
  const side = Math.min(rows, columns);
  const gram = new Float32Array(side * side);
  const square = new Float32Array(side * side);
  let norm = 0;
  for (const value of x) norm += value * value;
  norm = Math.sqrt(norm) + LEAST_NORM;
  let u = x.map((value) => value / norm);
  let next = new Float32Array(x.length);
  for (let step = 0; step < STEPS; step++) {
    const inner = { m: side, n: side, k: Math.max(rows, columns) };
    multiply(isTall ? { ...inner, transposeA: true } : { ...inner, transposeB: true }, u, u, gram);
    multiply({ m: side, n: side, k: side }, gram, gram, square);
    for (let i = 0; i < square.length; i++) square[i] = B * gram[i]! + C * square[i]!;
    for (let i = 0; i < side; i++) square[i * side + i]! += A;
    const [left, right] = isTall ? [u, square] : [square, u];
    multiply({ m: rows, n: columns, k: side }, left, right, next);
    [u, next] = [next, u];
  }
  return u;
}
