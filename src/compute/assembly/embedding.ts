import { copy, addTo } from "./memory";
import { at } from "./simd";

/**
 * out (n, width) ← the rows of `table` (vocabulary, width) that n codes name, each cut to a whole number. Returns the
 * place of the first code that names none, and then stops there; −1 if all do.
 */
export function gather(codes: usize, n: i32, table: usize, vocabulary: i32, width: i32, out: usize): i32 {
  for (let i: i32 = 0; i < n; i++) {
    const code = load<f32>(at(codes, i));
    if (!(code > -1 && code < <f32>vocabulary)) return i; // NaN as well
    copy(at(table, <i32>code * width), width, out);
    out = at(out, width);
  }
  return -1;
}

/** The rows of `table` that the codes name ← themselves + those of dy (n, width), in the order of the codes. */
export function scatterAdd(codes: usize, n: i32, dy: usize, width: i32, table: usize): void {
  for (let i: i32 = 0; i < n; i++) {
    addTo(dy, width, at(table, <i32>load<f32>(at(codes, i)) * width));
    dy = at(dy, width);
  }
}
