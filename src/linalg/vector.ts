/** Vectors are flat Float32Arrays; inner products and norms accumulate in float64 (docs/algorithms.md §0). */
export type Vector = Float32Array;

/**
 * Room for a vector (n,) that is going to be written whole: its entries are whatever was there. Not to fill it with zeros,
 * and not to ask the system for pages, takes a twentieth of the time, less than the least that is done with a vector.
 */
export function roomFor(n: number): Vector {
  return new Float32Array(Buffer.allocUnsafeSlow(4 * n).buffer);
}

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
