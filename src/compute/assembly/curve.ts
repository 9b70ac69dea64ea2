/** Activations whose slope is no function of their value: they keep x. */
import { sigmoid } from "./functions";
import { exp } from "./math";
import { at, load4, multiplyAdd, store4, storeColumns } from "./simd";

// The numbers of the kinds: `curves` in ../wasm/kernels.ts names them.

/** y ← f(x) for n elements; `parameter` is the slope below 0, the largest value or the threshold of those that have one. */
export function curve(kind: i32, parameter: f32, x: usize, n: i32, y: usize): void {
  if (kind == 0) values<Gelu>(parameter, x, n, y);
  else if (kind == 1) values<GeluNew>(parameter, x, n, y);
  else if (kind == 2) values<Swish>(parameter, x, n, y);
  else if (kind == 3) values<Mish>(parameter, x, n, y);
  else if (kind == 4) values<LeakyRelu>(parameter, x, n, y);
  else if (kind == 5) values<ClippedRelu>(parameter, x, n, y);
  else values<ThresholdedRelu>(parameter, x, n, y);
}

/** dx ← dy · f′(x), + dx where `accumulate`, for n elements. */
export function curveGradient(
  kind: i32,
  parameter: f32,
  x: usize,
  dy: usize,
  n: i32,
  accumulate: bool,
  dx: usize,
): void {
  if (kind == 0) gradients<Gelu>(parameter, x, dy, n, accumulate, dx);
  else if (kind == 1) gradients<GeluNew>(parameter, x, dy, n, accumulate, dx);
  else if (kind == 2) gradients<Swish>(parameter, x, dy, n, accumulate, dx);
  else if (kind == 3) gradients<Mish>(parameter, x, dy, n, accumulate, dx);
  else if (kind == 4) gradients<LeakyRelu>(parameter, x, dy, n, accumulate, dx);
  else if (kind == 5) gradients<ClippedRelu>(parameter, x, dy, n, accumulate, dx);
  else gradients<ThresholdedRelu>(parameter, x, dy, n, accumulate, dx);
}

function values<F>(parameter: f32, x: usize, n: i32, y: usize): void {
  const f = changetype<F>(0);
  for (let i: i32 = 0; i < n; i += 4) {
    const count = min(4, n - i);
    store4(at(y, i), count, f.value(load4(at(x, i), count), f32x4.splat(parameter)));
  }
}

function gradients<F>(parameter: f32, x: usize, dy: usize, n: i32, accumulate: bool, dx: usize): void {
  const f = changetype<F>(0);
  for (let i: i32 = 0; i < n; i += 4) {
    const count = min(4, n - i);
    const slope = f.slope(load4(at(x, i), count), f32x4.splat(parameter));
    storeColumns(at(dx, i), f32x4.mul(load4(at(dy, i), count), slope), count, accumulate);
  }
}

/** In four lanes: f(x) and f′(x). */
@unmanaged
class Gelu {
  value(x: v128, _: v128): v128 {
    return f32x4.mul(x, normal(x));
  }
  /** Φ(x) + x φ(x) */
  slope(x: v128, _: v128): v128 {
    const density = exp(f32x4.mul(f32x4.splat(-0.5), f32x4.mul(x, x)));
    return f32x4.add(normal(x), f32x4.mul(f32x4.mul(x, f32x4.splat(0.3989422804014327)), density));
  }
}

/** ½ x (1 + tanh(a/2)) = x σ(a): a sigmoid costs less than tanh. */
@unmanaged
class GeluNew {
  value(x: v128, _: v128): v128 {
    return f32x4.mul(x, sigmoid(geluAngle(x)));
  }
  /** σ + x σ (1 − σ) a′ */
  slope(x: v128, _: v128): v128 {
    const one = f32x4.splat(1);
    const s = sigmoid(geluAngle(x));
    const inner = multiplyAdd(f32x4.splat(3 * 0.044715), f32x4.mul(x, x), one);
    const outer = f32x4.mul(f32x4.mul(x, f32x4.splat(2 * 0.7978845608028654)), inner);
    return multiplyAdd(f32x4.mul(s, f32x4.sub(one, s)), outer, s);
  }
}

@unmanaged
class Swish {
  value(x: v128, _: v128): v128 {
    return f32x4.mul(x, sigmoid(x));
  }
  slope(x: v128, _: v128): v128 {
    const one = f32x4.splat(1);
    const s = sigmoid(x);
    return f32x4.mul(s, f32x4.add(one, f32x4.mul(x, f32x4.sub(one, s))));
  }
}

@unmanaged
class Mish {
  value(x: v128, _: v128): v128 {
    return f32x4.mul(x, tanhOfSoftplus(x));
  }
  slope(x: v128, _: v128): v128 {
    const t = tanhOfSoftplus(x);
    const rest = f32x4.sub(f32x4.splat(1), f32x4.mul(t, t));
    return f32x4.add(t, f32x4.mul(f32x4.mul(x, sigmoid(x)), rest));
  }
}

@unmanaged
class LeakyRelu {
  value(x: v128, below: v128): v128 {
    return v128.bitselect(x, f32x4.mul(x, below), f32x4.gt(x, f32x4.splat(0)));
  }
  slope(x: v128, below: v128): v128 {
    return v128.bitselect(f32x4.splat(1), below, f32x4.gt(x, f32x4.splat(0)));
  }
}

@unmanaged
class ClippedRelu {
  value(x: v128, largest: v128): v128 {
    return f32x4.pmin(f32x4.pmax(x, f32x4.splat(0)), largest);
  }
  slope(x: v128, largest: v128): v128 {
    const inside = v128.and(f32x4.gt(x, f32x4.splat(0)), f32x4.le(x, largest));
    return v128.and(f32x4.splat(1), inside);
  }
}

@unmanaged
class ThresholdedRelu {
  value(x: v128, threshold: v128): v128 {
    return f32x4.mul(x, this.slope(x, threshold));
  }
  slope(x: v128, threshold: v128): v128 {
    return v128.and(f32x4.splat(1), f32x4.gt(x, threshold));
  }
}

/** a = 2√(2/π) (x + 0.044715 x³) */
function geluAngle(x: v128): v128 {
  const inner = multiplyAdd(f32x4.splat(0.044715), f32x4.mul(x, x), f32x4.splat(1));
  return f32x4.mul(f32x4.mul(f32x4.splat(2 * 0.7978845608028654), x), inner);
}

/**
 * The normal distribution's Φ(x) = ½ erfc(−x/√2), erfc(z) = t e^(−z² + p(t)) with t = 1/(1 + z/2), to 1.2e-7 of its value
 * (Numerical Recipes, erfcc).
 */
function normal(x: v128): v128 {
  const one = f32x4.splat(1);
  const z = f32x4.mul(f32x4.abs(x), f32x4.splat(0.7071067811865476));
  const t = f32x4.div(one, f32x4.add(one, f32x4.mul(f32x4.splat(0.5), z)));
  let p = f32x4.splat(0.17087277);
  p = multiplyAdd(p, t, f32x4.splat(-0.82215223));
  p = multiplyAdd(p, t, f32x4.splat(1.48851587));
  p = multiplyAdd(p, t, f32x4.splat(-1.13520398));
  p = multiplyAdd(p, t, f32x4.splat(0.27886807));
  p = multiplyAdd(p, t, f32x4.splat(-0.18628806));
  p = multiplyAdd(p, t, f32x4.splat(0.09678418));
  p = multiplyAdd(p, t, f32x4.splat(0.37409196));
  p = multiplyAdd(p, t, f32x4.splat(1.00002368));
  p = multiplyAdd(p, t, f32x4.splat(-1.26551223));
  const tail = f32x4.mul(f32x4.mul(f32x4.splat(0.5), t), exp(f32x4.sub(p, f32x4.mul(z, z))));
  return v128.bitselect(f32x4.sub(one, tail), tail, f32x4.gt(x, f32x4.splat(0)));
}

/** tanh(ln(1 + eˣ)) as a quotient of polynomials in e^−|x|: nothing overflows or cancels. */
function tanhOfSoftplus(x: v128): v128 {
  const two = f32x4.splat(2);
  const w = exp(f32x4.neg(f32x4.abs(x)));
  const square = f32x4.mul(w, w);
  const double = f32x4.add(w, w);
  const positive = f32x4.gt(x, f32x4.splat(0));
  // x ≤ 0: (w² + 2w)/(w² + 2w + 2); x > 0: (1 + 2w)/(1 + 2w + 2w²)
  const top = v128.bitselect(f32x4.add(f32x4.splat(1), double), f32x4.add(square, double), positive);
  return f32x4.div(top, f32x4.add(top, v128.bitselect(f32x4.mul(two, square), two, positive)));
}
