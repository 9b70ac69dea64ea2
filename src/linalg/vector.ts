/** Vectors are flat Float32Arrays; inner products and norms accumulate in float64 (docs/algorithms.md §0). */
export type Vector = Float32Array;

/** out ← x + αy */
export function addScaled(x: Vector, alpha: number, y: Vector, out: Vector): Vector {
  for (let i = 0; i < x.length; i++) out[i] = x[i]! + alpha * y[i]!;
  return out;
}

/** out ← αx + βy */
export function combine(alpha: number, x: Vector, beta: number, y: Vector, out: Vector): Vector {
  for (let i = 0; i < x.length; i++) out[i] = alpha * x[i]! + beta * y[i]!;
  return out;
}

/** out ← αx */
export function scale(alpha: number, x: Vector, out: Vector): Vector {
  for (let i = 0; i < x.length; i++) out[i] = alpha * x[i]!;
  return out;
}
