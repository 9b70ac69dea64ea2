import { at, bytes } from "./simd";

/** out ← x for n floats. Inlined loops: the runs are short, and memory.copy costs a call into the engine. */
export function copy(x: usize, n: i32, out: usize): void {
  let i: i32 = 0;
  for (; i + 8 <= n; i += 8) {
    v128.store(at(out, i), v128.load(at(x, i)));
    v128.store(at(out, i), v128.load(at(x, i), 16), 16);
  }
  for (; i + 4 <= n; i += 4) v128.store(at(out, i), v128.load(at(x, i)));
  for (; i < n; i++) store<f32>(at(out, i), load<f32>(at(x, i)));
}

/** out ← 0 for n floats. */
export function zero(n: i32, out: usize): void {
  const none = f32x4.splat(0);
  let i: i32 = 0;
  for (; i + 4 <= n; i += 4) v128.store(at(out, i), none);
  for (; i < n; i++) store<f32>(at(out, i), 0);
}

/** out ← out + x for n floats. */
export function addTo(x: usize, n: i32, out: usize): void {
  let i: i32 = 0;
  for (; i + 4 <= n; i += 4) v128.store(at(out, i), f32x4.add(v128.load(at(out, i)), v128.load(at(x, i))));
  for (; i < n; i++) store<f32>(at(out, i), load<f32>(at(out, i)) + load<f32>(at(x, i)));
}

/** out ← x (rows, columns); rows begin `stride` and `outStride` floats apart. */
export function copyRows(x: usize, rows: i32, columns: i32, stride: i32, out: usize, outStride: i32): void {
  for (let i: i32 = 0; i < rows; i++) {
    copy(x, columns, out);
    x += bytes(stride);
    out += bytes(outStride);
  }
}
