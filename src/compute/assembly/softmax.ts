import { exponentials, maximum, scale, sumOf } from "./cross-entropy";
import { exp, log } from "./math";
import { at, bytes, load4, store4, storeColumns, sumOfLanes } from "./simd";

/** y ← softmax of every row of x (rows, columns), or its logarithm. */
export function softmax(logarithm: bool, x: usize, rows: i32, columns: i32, y: usize): void {
  for (let i: i32 = 0; i < rows; i++) {
    const largest = maximum(x, columns);
    if (logarithm) {
      const sum = exponentials(x, columns, largest, 0);
      shift(x, columns, <f32>(<f64>largest + log(<f64>sum)), y);
    } else {
      const sum = exponentials(x, columns, largest, y);
      scale(1 / sum, columns, y);
    }
    x += bytes(columns);
    y += bytes(columns);
  }
}

/**
 * dx ← the gradient by x, + dx where `accumulate`: y (dy − Σ y dy) for the softmax y, dy − e^y Σ dy for its logarithm y.
 */
export function softmaxGradient(
  logarithm: bool,
  y: usize,
  dy: usize,
  rows: i32,
  columns: i32,
  accumulate: bool,
  dx: usize,
): void {
  for (let i: i32 = 0; i < rows; i++) {
    const sum = f32x4.splat(logarithm ? sumOf(dy, columns) : dot(y, dy, columns));
    for (let j: i32 = 0; j < columns; j += 4) {
      const count = min(4, columns - j);
      const value = load4(at(y, j), count);
      const d = load4(at(dy, j), count);
      const result = logarithm
        ? f32x4.sub(d, f32x4.mul(exp(value), sum))
        : f32x4.mul(value, f32x4.sub(d, sum));
      storeColumns(at(dx, j), result, count, accumulate);
    }
    y += bytes(columns);
    dy += bytes(columns);
    dx += bytes(columns);
  }
}

/** y ← x − amount */
function shift(x: usize, n: i32, amount: f32, y: usize): void {
  for (let j: i32 = 0; j < n; j += 4) {
    const count = min(4, n - j);
    store4(at(y, j), count, f32x4.sub(load4(at(x, j), count), f32x4.splat(amount)));
  }
}

function dot(x: usize, y: usize, n: i32): f32 {
  let sums = f32x4.splat(0);
  for (let j: i32 = 0; j < n; j += 4) {
    const count = min(4, n - j);
    sums = f32x4.add(sums, f32x4.mul(load4(at(x, j), count), load4(at(y, j), count)));
  }
  return sumOfLanes(sums);
}
