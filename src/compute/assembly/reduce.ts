import { at } from "./simd";

/** Rows whose sum is formed before it is added to the total: errors grow with rows/64 + 64, not with rows. */
const BLOCK: i32 = 64;

/** out ← Σ over rows of x (rows, columns), + out where `accumulate`; rows begin `rowLength` floats apart. */
export function sumRows(
  x: usize,
  rows: i32,
  columns: i32,
  rowLength: i32,
  accumulate: bool,
  out: usize,
): void {
  const stride = (<usize>rowLength) << 2;
  if (!accumulate) memory.fill(out, 0, (<usize>columns) << 2);
  for (let first: i32 = 0; first < rows; first += BLOCK) {
    const last = min(rows, first + BLOCK);
    const block = x + <usize>first * stride;
    let j: i32 = 0;
    for (; j + 8 <= columns; j += 8) {
      let s0 = f32x4.splat(0);
      let s1 = s0;
      let p = at(block, j);
      for (let i = first; i < last; i++) {
        s0 = f32x4.add(s0, v128.load(p));
        s1 = f32x4.add(s1, v128.load(p, 16));
        p += stride;
      }
      const o = at(out, j);
      v128.store(o, f32x4.add(v128.load(o), s0));
      v128.store(o, f32x4.add(v128.load(o, 16), s1), 16);
    }
    for (; j < columns; j++) {
      let sum: f32 = 0;
      let p = at(block, j);
      for (let i = first; i < last; i++) {
        sum += load<f32>(p);
        p += stride;
      }
      store<f32>(at(out, j), load<f32>(at(out, j)) + sum);
    }
  }
}
