import { exponentials, maximum, scale, sumOf } from "./cross-entropy";
import { at, bytes, load4, multiplyAdd, store4 } from "./simd";

/**
 * x ← softmax(w x + b) on every row of `matrices` of (rows, columns), which share w and b; b = 0 is none. Where
 * `causal`, row i has i + 1 numbers and is zero beyond, whatever was there.
 */
export function maskedSoftmax(
  x: usize,
  w: usize,
  b: usize,
  matrices: i32,
  rows: i32,
  columns: i32,
  causal: bool,
): void {
  for (let matrix: i32 = 0; matrix < matrices; matrix++) {
    let factors = w;
    let biases = b;
    for (let i: i32 = 0; i < rows; i++) {
      const length = causal ? i + 1 : columns;
      for (let j: i32 = 0; j < length; j += 4) {
        const count = min(4, length - j);
        const bias = b ? load4(at(biases, j), count) : f32x4.splat(0);
        store4(at(x, j), count, multiplyAdd(load4(at(x, j), count), load4(at(factors, j), count), bias));
      }
      const sum = exponentials(x, length, maximum(x, length), x);
      scale(1 / sum, length, x);
      if (causal) memory.fill(at(x, length), 0, bytes(columns - length));
      x = at(x, columns);
      factors = at(factors, columns);
      if (b) biases = at(biases, columns);
    }
  }
}

/** dy ← the gradient by x of that softmax y: w y (dy − Σ y dy), and zero beyond where `causal`. */
export function maskedSoftmaxGradient(
  y: usize,
  dy: usize,
  w: usize,
  matrices: i32,
  rows: i32,
  columns: i32,
  causal: bool,
): void {
  for (let matrix: i32 = 0; matrix < matrices; matrix++) {
    let factors = w;
    for (let i: i32 = 0; i < rows; i++) {
      const length = causal ? i + 1 : columns;
      for (let j: i32 = 0; j < length; j += 4) {
        const count = min(4, length - j);
        store4(at(dy, j), count, f32x4.mul(load4(at(y, j), count), load4(at(dy, j), count)));
      }
      const sum = f32x4.splat(sumOf(dy, length));
      for (let j: i32 = 0; j < length; j += 4) {
        const count = min(4, length - j);
        const d = f32x4.sub(load4(at(dy, j), count), f32x4.mul(load4(at(y, j), count), sum));
        store4(at(dy, j), count, f32x4.mul(d, load4(at(factors, j), count)));
      }
      if (causal) memory.fill(at(dy, length), 0, bytes(columns - length));
      y = at(y, columns);
      dy = at(dy, columns);
      factors = at(factors, columns);
    }
  }
}
