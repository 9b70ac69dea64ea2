import { at, bytes, storeColumns } from "./simd";

/** out ← xᵀ, + out where `accumulate`; x is (rows, columns) without gaps, out's rows begin `stride` floats apart. */
export function transpose(
  x: usize,
  rows: i32,
  columns: i32,
  accumulate: bool,
  out: usize,
  stride: i32,
): void {
  for (let i: i32 = 0; i < rows; i += 4) {
    const count = min(4, rows - i);
    const x0 = at(x, i * columns);
    const x1 = count > 1 ? at(x0, columns) : x0; // rows beyond the edge are read and dropped
    const x2 = count > 2 ? at(x1, columns) : x0;
    const x3 = count > 3 ? at(x2, columns) : x0;
    let target = at(out, i);
    let j: i32 = 0;
    for (; j + 4 <= columns; j += 4) {
      const y0 = v128.load(at(x0, j));
      const y1 = v128.load(at(x1, j));
      const y2 = v128.load(at(x2, j));
      const y3 = v128.load(at(x3, j));
      storeTransposed(y0, y1, y2, y3, count, accumulate, target, bytes(stride));
      target += 4 * bytes(stride);
    }
    for (; j < columns; j++) {
      for (let q: i32 = 0; q < count; q++) {
        const value = load<f32>(at(x, (i + q) * columns + j));
        const place = at(target, q);
        store<f32>(place, accumulate ? load<f32>(place) + value : value);
      }
      target += bytes(stride);
    }
  }
}

/** Four columns x0 … of a matrix, four rows of each, to c; only the first n of them. */
export function storeTransposed(
  x0: v128,
  x1: v128,
  x2: v128,
  x3: v128,
  n: i32,
  add: bool,
  c: usize,
  stride: usize,
): void {
  const low01 = v128.shuffle<f32>(x0, x1, 0, 4, 1, 5);
  const high01 = v128.shuffle<f32>(x0, x1, 2, 6, 3, 7);
  const low23 = v128.shuffle<f32>(x2, x3, 0, 4, 1, 5);
  const high23 = v128.shuffle<f32>(x2, x3, 2, 6, 3, 7);
  storeColumns(c, v128.shuffle<f32>(low01, low23, 0, 1, 4, 5), n, add);
  storeColumns(c + stride, v128.shuffle<f32>(low01, low23, 2, 3, 6, 7), n, add);
  storeColumns(c + 2 * stride, v128.shuffle<f32>(high01, high23, 0, 1, 4, 5), n, add);
  storeColumns(c + 3 * stride, v128.shuffle<f32>(high01, high23, 2, 3, 6, 7), n, add);
}
