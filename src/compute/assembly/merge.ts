/** What layers that merge results do, element by element, and their gradients. */
import { at, bytes, load4, store4, storeColumns } from "./simd";

/** out ← factor · x + offset, + out where `accumulate`, for n elements. */
export function scale(factor: f32, offset: f32, x: usize, n: i32, accumulate: bool, out: usize): void {
  for (let i: i32 = 0; i < n; i += 4) {
    const count = min(4, n - i);
    const scaled = f32x4.mul(load4(at(x, i), count), f32x4.splat(factor));
    storeColumns(at(out, i), f32x4.add(scaled, f32x4.splat(offset)), count, accumulate);
  }
}

/** out ← a · b, + out where `accumulate`, for n elements. */
export function multiply(a: usize, b: usize, n: i32, accumulate: bool, out: usize): void {
  for (let i: i32 = 0; i < n; i += 4) {
    const count = min(4, n - i);
    storeColumns(at(out, i), f32x4.mul(load4(at(a, i), count), load4(at(b, i), count)), count, accumulate);
  }
}

/** out ← the larger of a and b, or the smaller, for n elements; NaN where one is. */
export function extreme(largest: bool, a: usize, b: usize, n: i32, out: usize): void {
  for (let i: i32 = 0; i < n; i += 4) {
    const count = min(4, n - i);
    const x = load4(at(a, i), count);
    const y = load4(at(b, i), count);
    store4(at(out, i), count, largest ? f32x4.max(x, y) : f32x4.min(x, y));
  }
}

/**
 * dx ← dy where x = y, else 0, + dx where `accumulate`, for n elements; dy ← 0 there, so that of several equal x the first
 * asked takes it. Where dx is 0, dy is taken all the same.
 */
export function takeWhereEqual(x: usize, y: usize, dy: usize, n: i32, accumulate: bool, dx: usize): void {
  for (let i: i32 = 0; i < n; i += 4) {
    const count = min(4, n - i);
    const equal = f32x4.eq(load4(at(x, i), count), load4(at(y, i), count));
    const d = load4(at(dy, i), count);
    if (dx) storeColumns(at(dx, i), v128.and(d, equal), count, accumulate);
    store4(at(dy, i), count, v128.andnot(d, equal));
  }
}

/** out ← out + x (rows, columns); rows begin `stride` and `outStride` floats apart. */
export function addRows(x: usize, rows: i32, columns: i32, stride: i32, out: usize, outStride: i32): void {
  for (let i: i32 = 0; i < rows; i++) {
    for (let j: i32 = 0; j < columns; j += 4) {
      storeColumns(at(out, j), load4(at(x, j), min(4, columns - j)), min(4, columns - j), true);
    }
    x += bytes(stride);
    out += bytes(outStride);
  }
}
