import { exp } from "./math";
import { at, loadPart, storePart } from "./simd";

/** The numbers of the activation functions; `activations` in ../wasm/kernels.ts names them. */
export const LINEAR: i32 = 0;
export const RELU: i32 = 1;
export const SIGMOID: i32 = 2;
export const TANH: i32 = 3;
export const ELU: i32 = 4;

/** f(x) in four lanes. */
function value(kind: i32, x: v128): v128 {
  const one = f32x4.splat(1);
  if (kind == RELU) return f32x4.max(x, f32x4.splat(0)); // max, not pmax: it passes NaN on
  if (kind == SIGMOID) return f32x4.div(one, f32x4.add(one, exp(f32x4.neg(x))));
  if (kind == TANH) return tanh(x);
  if (kind == ELU) return v128.bitselect(x, expMinusOne(x), f32x4.gt(x, f32x4.splat(0)));
  return x;
}

/** f′ in four lanes, from y = f(x). */
function derivative(kind: i32, y: v128): v128 {
  const one = f32x4.splat(1);
  const zero = f32x4.splat(0);
  if (kind == RELU) return v128.and(one, f32x4.gt(y, zero));
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
  const whole = columns & ~3;
  const rest = columns - whole;
  const zero = f32x4.splat(0);
  for (let i: i32 = 0; i < rows; i++) {
    for (let j: i32 = 0; j < whole; j += 4) {
      let z = v128.load(at(x, j));
      if (b) z = f32x4.add(z, v128.load(at(b, j)));
      v128.store(at(x, j), value(kind, z));
    }
    if (rest) {
      let z = loadPart(at(x, whole), rest);
      z = f32x4.add(z, b ? loadPart(at(b, whole), rest) : zero);
      storePart(at(x, whole), rest, value(kind, z));
    }
    x += (<usize>stride) << 2;
  }
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
    let d = f32x4.mul(v128.load(at(dy, i)), derivative(kind, v128.load(at(y, i))));
    if (accumulate) d = f32x4.add(d, v128.load(at(out, i)));
    v128.store(at(out, i), d);
  }
  if (i < n) {
    const rest = n - i;
    let d = f32x4.mul(loadPart(at(dy, i), rest), derivative(kind, loadPart(at(y, i), rest)));
    if (accumulate) d = f32x4.add(d, loadPart(at(out, i), rest));
    storePart(at(out, i), rest, d);
  }
}
