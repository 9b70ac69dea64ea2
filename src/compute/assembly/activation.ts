import { exp } from "./math";
import { at, bytes, loadPart, storePart } from "./simd";

/** The numbers of the activation functions; `activations` in ../wasm/kernels.ts names them. */
export const LINEAR: i32 = 0;
export const RELU: i32 = 1;
export const SIGMOID: i32 = 2;
export const TANH: i32 = 3;
export const ELU: i32 = 4;

/** max(0, x) in four lanes; of NaN and 0, pmax gives its first operand. */
function relu(x: v128): v128 {
  return f32x4.pmax(x, f32x4.splat(0));
}

/** f(x) in four lanes. Small enough to be inlined: the frequent kinds cost no call. */
function value(kind: i32, x: v128): v128 {
  if (kind == LINEAR) return x;
  return kind == RELU ? relu(x) : curve(kind, x);
}

/** f(x) of the kinds that are not made of straight lines. */
function curve(kind: i32, x: v128): v128 {
  const one = f32x4.splat(1);
  if (kind == SIGMOID) return f32x4.div(one, f32x4.add(one, exp(f32x4.neg(x))));
  if (kind == TANH) return tanh(x);
  return v128.bitselect(x, expMinusOne(x), f32x4.gt(x, f32x4.splat(0))); // ELU
}

/** dy · f′ in four lanes, from y = f(x). */
function gradient(kind: i32, y: v128, dy: v128): v128 {
  return f32x4.mul(dy, kind == RELU ? v128.and(f32x4.splat(1), f32x4.gt(y, f32x4.splat(0))) : slope(kind, y));
}

/** f′ in four lanes, from y = f(x), of the kinds that are not made of straight lines. */
function slope(kind: i32, y: v128): v128 {
  const one = f32x4.splat(1);
  if (kind == SIGMOID) return f32x4.mul(y, f32x4.sub(one, y));
  if (kind == TANH) return f32x4.sub(one, f32x4.mul(y, y));
  if (kind == ELU) return f32x4.min(one, f32x4.add(y, one));
  return one;
}

/** tanh: its series near 0, where the quotient of exponentials cancels (Cephes, tanhf). */
function tanh(x: v128): v128 {
  const magnitude = f32x4.abs(x);
  const one = f32x4.splat(1);
  const two = f32x4.splat(2);
  const far = f32x4.sub(one, f32x4.div(two, f32x4.add(exp(f32x4.mul(magnitude, two)), one)));
  const q = f32x4.mul(x, x);
  let p = f32x4.splat(-5.70498872745e-3);
  p = f32x4.add(f32x4.mul(p, q), f32x4.splat(2.06390887954e-2));
  p = f32x4.add(f32x4.mul(p, q), f32x4.splat(-5.37397155531e-2));
  p = f32x4.add(f32x4.mul(p, q), f32x4.splat(1.33314422036e-1));
  p = f32x4.add(f32x4.mul(p, q), f32x4.splat(-3.33332819422e-1));
  const near = f32x4.add(f32x4.mul(f32x4.mul(p, q), x), x);
  const signed = v128.bitselect(x, far, f32x4.splat(-0.0));
  return v128.bitselect(near, signed, f32x4.lt(magnitude, f32x4.splat(0.625)));
}

/** eˣ − 1 for x ≤ 0: its series near 0. */
function expMinusOne(x: v128): v128 {
  const far = f32x4.sub(exp(x), f32x4.splat(1));
  let p = f32x4.splat(1.0 / 5040);
  p = f32x4.add(f32x4.mul(p, x), f32x4.splat(1.0 / 720));
  p = f32x4.add(f32x4.mul(p, x), f32x4.splat(1.0 / 120));
  p = f32x4.add(f32x4.mul(p, x), f32x4.splat(1.0 / 24));
  p = f32x4.add(f32x4.mul(p, x), f32x4.splat(1.0 / 6));
  p = f32x4.add(f32x4.mul(p, x), f32x4.splat(0.5));
  p = f32x4.add(f32x4.mul(p, x), f32x4.splat(1));
  return v128.bitselect(f32x4.mul(p, x), far, f32x4.gt(x, f32x4.splat(-0.35)));
}

/** x ← f(x + b) on every row; x is (rows, columns) with `stride` floats from row to row, b is (columns) or 0. */
export function biasActivation(kind: i32, x: usize, b: usize, rows: i32, columns: i32, stride: i32): void {
  const step = bytes(stride);
  const width = bytes(columns);
  for (let i: i32 = 0; i < rows; i++) {
    let j: usize = 0;
    if (kind == LINEAR || kind == RELU) {
      const floor = f32x4.splat(kind == RELU ? 0 : -Infinity);
      for (; j + 32 <= width; j += 32) {
        const z0 = biased(x + j, b, j);
        const z1 = biased(x + j + 16, b, j + 16);
        v128.store(x + j, f32x4.pmax(z0, floor));
        v128.store(x + j, f32x4.pmax(z1, floor), 16);
      }
    }
    for (; j + 16 <= width; j += 16) v128.store(x + j, value(kind, biased(x + j, b, j)));
    if (j < width) {
      const rest = (<i32>(width - j)) >> 2;
      let z = loadPart(x + j, rest);
      if (b) z = f32x4.add(z, loadPart(b + j, rest));
      storePart(x + j, rest, value(kind, z));
    }
    x += step;
  }
}

/** The four floats at x, + those `offset` bytes from b where there is one. */
function biased(x: usize, b: usize, offset: usize): v128 {
  const z = v128.load(x);
  return b ? f32x4.add(z, v128.load(b + offset)) : z;
}

/** out ← f(x) for n elements. */
export function activate(kind: i32, x: usize, n: i32, out: usize): void {
  let i: i32 = 0;
  for (; i + 4 <= n; i += 4) v128.store(at(out, i), value(kind, v128.load(at(x, i))));
  if (i < n) storePart(at(out, i), n - i, value(kind, loadPart(at(x, i), n - i)));
}

/** out ← dy · f′, + out where `accumulate`, for n elements; y = f(x). */
export function activationGradient(
  kind: i32,
  y: usize,
  dy: usize,
  n: i32,
  accumulate: bool,
  out: usize,
): void {
  let i: i32 = 0;
  for (; i + 4 <= n; i += 4) {
    let d = gradient(kind, v128.load(at(y, i)), v128.load(at(dy, i)));
    if (accumulate) d = f32x4.add(d, v128.load(at(out, i)));
    v128.store(at(out, i), d);
  }
  if (i < n) {
    const rest = n - i;
    let d = gradient(kind, loadPart(at(y, i), rest), loadPart(at(dy, i), rest));
    if (accumulate) d = f32x4.add(d, loadPart(at(out, i), rest));
    storePart(at(out, i), rest, d);
  }
}
