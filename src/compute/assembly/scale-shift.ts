import { at, load4, store4, storeColumns } from "./simd";

/** y ← w x + b on every row of x (rows, columns); b = 0 is none. */
export function scaleShift(x: usize, w: usize, b: usize, rows: i32, columns: i32, y: usize): void {
  for (let i: i32 = 0; i < rows; i++) {
    for (let j: i32 = 0; j < columns; j += 4) {
      const count = min(4, columns - j);
      let z = f32x4.mul(load4(at(x, j), count), load4(at(w, j), count));
      if (b) z = f32x4.add(z, load4(at(b, j), count));
      store4(at(y, j), count, z);
    }
    x = at(x, columns);
    y = at(y, columns);
  }
}

/** dx ← w dy on every row, + dx where `accumulate`. */
export function scaleGradient(
  dy: usize,
  w: usize,
  rows: i32,
  columns: i32,
  accumulate: bool,
  dx: usize,
): void {
  for (let i: i32 = 0; i < rows; i++) {
    for (let j: i32 = 0; j < columns; j += 4) {
      const count = min(4, columns - j);
      const d = f32x4.mul(load4(at(dy, j), count), load4(at(w, j), count));
      storeColumns(at(dx, j), d, count, accumulate);
    }
    dy = at(dy, columns);
    dx = at(dx, columns);
  }
}

/** dw ← Σ over the rows of x dy, + dw where `accumulate`. */
export function scaleSums(x: usize, dy: usize, rows: i32, columns: i32, accumulate: bool, dw: usize): void {
  for (let i: i32 = 0; i < rows; i++) {
    for (let j: i32 = 0; j < columns; j += 4) {
      const count = min(4, columns - j);
      const d = f32x4.mul(load4(at(x, j), count), load4(at(dy, j), count));
      storeColumns(at(dw, j), d, count, accumulate || i > 0);
    }
    x = at(x, columns);
    dy = at(dy, columns);
  }
}
