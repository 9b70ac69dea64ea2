import { at, bytes, load4, store4, storeColumns } from "./simd";

/** y ← x where x > 0, else slopes · x, on every row; slopes is (columns). */
export function prelu(x: usize, slopes: usize, rows: i32, columns: i32, y: usize): void {
  for (let i: i32 = 0; i < rows; i++) {
    for (let j: i32 = 0; j < columns; j += 4) {
      const count = min(4, columns - j);
      const value = load4(at(x, j), count);
      const below = f32x4.mul(value, load4(at(slopes, j), count));
      store4(at(y, j), count, v128.bitselect(value, below, f32x4.gt(value, f32x4.splat(0))));
    }
    x += bytes(columns);
    y += bytes(columns);
  }
}

/** dx ← dy where x > 0, else slopes · dy, + dx where `accumulate`. */
export function preluGradient(
  x: usize,
  slopes: usize,
  dy: usize,
  rows: i32,
  columns: i32,
  accumulate: bool,
  dx: usize,
): void {
  for (let i: i32 = 0; i < rows; i++) {
    for (let j: i32 = 0; j < columns; j += 4) {
      const count = min(4, columns - j);
      const above = f32x4.gt(load4(at(x, j), count), f32x4.splat(0));
      const d = load4(at(dy, j), count);
      const below = f32x4.mul(d, load4(at(slopes, j), count));
      storeColumns(at(dx, j), v128.bitselect(d, below, above), count, accumulate);
    }
    x += bytes(columns);
    dy += bytes(columns);
    dx += bytes(columns);
  }
}

/** out (columns) ← Σ over rows of x · dy where x ≤ 0: the gradient by the slopes. */
export function preluSlopeGradient(x: usize, dy: usize, rows: i32, columns: i32, out: usize): void {
  for (let j: i32 = 0; j < columns; j += 4) {
    const count = min(4, columns - j);
    let sum = f32x4.splat(0);
    let offset = bytes(j);
    for (let i: i32 = 0; i < rows; i++) {
      const value = load4(x + offset, count);
      const product = f32x4.mul(value, load4(dy + offset, count));
      sum = f32x4.add(sum, v128.andnot(product, f32x4.gt(value, f32x4.splat(0))));
      offset += bytes(columns);
    }
    store4(at(out, j), count, sum);
  }
}
