import { at } from "./simd";

/** x ← x + b on every row, then max(0, ·) where `relu`; x is (rows, columns), b is (columns). */
export function addBias(x: usize, b: usize, rows: i32, columns: i32, relu: bool): void {
  const zero = f32x4.splat(0);
  const floor = relu ? zero : f32x4.splat(-Infinity);
  const whole = columns & ~3;
  for (let i: i32 = 0; i < rows; i++) {
    let j: i32 = 0;
    for (; j < whole; j += 4) {
      const sum = f32x4.add(v128.load(at(x, j)), v128.load(at(b, j)));
      v128.store(at(x, j), f32x4.max(sum, floor)); // max, not pmax: it passes NaN on
    }
    for (; j < columns; j++) {
      const sum = load<f32>(at(x, j)) + load<f32>(at(b, j));
      store<f32>(at(x, j), relu && sum < 0 ? 0 : sum);
    }
    x += (<usize>columns) << 2;
  }
}
