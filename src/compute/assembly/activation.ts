import { Elu, HardSigmoid, Linear, Relu, Relu6, Selu, Sigmoid, Softplus, Softsign, Tanh } from "./functions";
import { at, bytes, loadPart, storePart } from "./simd";

// The numbers of the kinds: `activations` in ../wasm/kernels/activations.ts names them.

/** x ← f(x + b) on every row; x is (rows, columns) with `stride` floats from row to row, b is (columns) or 0. */
export function biasActivation(kind: i32, x: usize, b: usize, rows: i32, columns: i32, stride: i32): void {
  if (kind == 0) biased<Linear>(x, b, rows, columns, stride);
  else if (kind == 1) biased<Relu>(x, b, rows, columns, stride);
  else if (kind == 2) biased<Sigmoid>(x, b, rows, columns, stride);
  else if (kind == 3) biased<Tanh>(x, b, rows, columns, stride);
  else if (kind == 4) biased<Elu>(x, b, rows, columns, stride);
  else if (kind == 5) biased<Relu6>(x, b, rows, columns, stride);
  else if (kind == 6) biased<Selu>(x, b, rows, columns, stride);
  else if (kind == 7) biased<Softplus>(x, b, rows, columns, stride);
  else if (kind == 8) biased<Softsign>(x, b, rows, columns, stride);
  else biased<HardSigmoid>(x, b, rows, columns, stride);
}

/** out ← f(x) for n elements. */
export function activate(kind: i32, x: usize, n: i32, out: usize): void {
  if (kind == 0) values<Linear>(x, n, out);
  else if (kind == 1) values<Relu>(x, n, out);
  else if (kind == 2) values<Sigmoid>(x, n, out);
  else if (kind == 3) values<Tanh>(x, n, out);
  else if (kind == 4) values<Elu>(x, n, out);
  else if (kind == 5) values<Relu6>(x, n, out);
  else if (kind == 6) values<Selu>(x, n, out);
  else if (kind == 7) values<Softplus>(x, n, out);
  else if (kind == 8) values<Softsign>(x, n, out);
  else values<HardSigmoid>(x, n, out);
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
  if (kind == 0) gradients<Linear>(y, dy, n, accumulate, out);
  else if (kind == 1) gradients<Relu>(y, dy, n, accumulate, out);
  else if (kind == 2) gradients<Sigmoid>(y, dy, n, accumulate, out);
  else if (kind == 3) gradients<Tanh>(y, dy, n, accumulate, out);
  else if (kind == 4) gradients<Elu>(y, dy, n, accumulate, out);
  else if (kind == 5) gradients<Relu6>(y, dy, n, accumulate, out);
  else if (kind == 6) gradients<Selu>(y, dy, n, accumulate, out);
  else if (kind == 7) gradients<Softplus>(y, dy, n, accumulate, out);
  else if (kind == 8) gradients<Softsign>(y, dy, n, accumulate, out);
  else gradients<HardSigmoid>(y, dy, n, accumulate, out);
}

function biased<F>(x: usize, b: usize, rows: i32, columns: i32, stride: i32): void {
  const f = changetype<F>(0);
  const step = bytes(stride);
  const width = bytes(columns);
  for (let i: i32 = 0; i < rows; i++) {
    let j: usize = 0;
    for (; j + 32 <= width; j += 32) {
      const z0 = sum(x + j, b, j);
      const z1 = sum(x + j + 16, b, j + 16);
      v128.store(x + j, f.value(z0));
      v128.store(x + j, f.value(z1), 16);
    }
    for (; j + 16 <= width; j += 16) v128.store(x + j, f.value(sum(x + j, b, j)));
    if (j < width) {
      const rest = (<i32>(width - j)) >> 2;
      let z = loadPart(x + j, rest);
      if (b) z = f32x4.add(z, loadPart(b + j, rest));
      storePart(x + j, rest, f.value(z));
    }
    x += step;
  }
}

/** The four floats at x, + those `offset` bytes from b where there is one. */
function sum(x: usize, b: usize, offset: usize): v128 {
  const z = v128.load(x);
  return b ? f32x4.add(z, v128.load(b + offset)) : z;
}

function values<F>(x: usize, n: i32, out: usize): void {
  const f = changetype<F>(0);
  let i: i32 = 0;
  for (; i + 4 <= n; i += 4) v128.store(at(out, i), f.value(v128.load(at(x, i))));
  if (i < n) storePart(at(out, i), n - i, f.value(loadPart(at(x, i), n - i)));
}

function gradients<F>(y: usize, dy: usize, n: i32, accumulate: bool, out: usize): void {
  const f = changetype<F>(0);
  let i: i32 = 0;
  for (; i + 4 <= n; i += 4) {
    let d = f32x4.mul(v128.load(at(dy, i)), f.slope(v128.load(at(y, i))));
    if (accumulate) d = f32x4.add(d, v128.load(at(out, i)));
    v128.store(at(out, i), d);
  }
  if (i < n) {
    const rest = n - i;
    let d = f32x4.mul(loadPart(at(dy, i), rest), f.slope(loadPart(at(y, i), rest)));
    if (accumulate) d = f32x4.add(d, loadPart(at(out, i), rest));
    storePart(at(out, i), rest, d);
  }
}
