/** Activations whose slope is no function of their value: they keep x. */
import { sigmoid } from "./functions";
import { exp } from "./math";
import { at, load4, multiplyAdd, store4, storeColumns } from "./simd";

// The numbers of the kinds: `curves` in ../wasm/kernels/activations.ts names them.

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

// Eight numbers a round: the functions' many constants are loaded once for both halves.

function values<F>(parameter: f32, x: usize, n: i32, y: usize): void {
  const f = changetype<F>(0);
  const p = f32x4.splat(parameter);
  let i: i32 = 0;
  for (; i + 8 <= n; i += 8) {
    const low = f.value(v128.load(at(x, i)), p);
    const high = f.value(v128.load(at(x, i), 16), p);
    v128.store(at(y, i), low);
    v128.store(at(y, i), high, 16);
  }
  for (; i < n; i += 4) {
    const count = min(4, n - i);
    store4(at(y, i), count, f.value(load4(at(x, i), count), p));
  }
}

function gradients<F>(parameter: f32, x: usize, dy: usize, n: i32, accumulate: bool, dx: usize): void {
  const f = changetype<F>(0);
  const p = f32x4.splat(parameter);
  let i: i32 = 0;
  for (; i + 8 <= n; i += 8) {
    const low = f32x4.mul(v128.load(at(dy, i)), f.slope(v128.load(at(x, i)), p));
    const high = f32x4.mul(v128.load(at(dy, i), 16), f.slope(v128.load(at(x, i), 16), p));
    storeColumns(at(dx, i), low, 4, accumulate);
    storeColumns(at(dx, i + 4), high, 4, accumulate);
  }
  for (; i < n; i += 4) {
    const count = min(4, n - i);
    const d = f32x4.mul(load4(at(dy, i), count), f.slope(load4(at(x, i), count), p));
    storeColumns(at(dx, i), d, count, accumulate);
  }
}

/** In four lanes: f(x) and f′(x). */
@unmanaged
class Gelu {
  value(x: v128, _: v128): v128 {
    return f32x4.mul(x, this.normal(x, this.bell(x)));
  }
  /** Φ(x) + x φ(x) */
  slope(x: v128, _: v128): v128 {
    const bell = this.bell(x);
    return multiplyAdd(f32x4.mul(x, f32x4.splat(0.3989422804014327)), bell, this.normal(x, bell));
  }

  /** e^(−x²/2) */
  bell(x: v128): v128 {
    return exp(f32x4.mul(f32x4.splat(-0.5), f32x4.mul(x, x)));
  }

  /**
   * The normal distribution's Φ(x), from e^(−x²/2): beyond −|x| lies t q(t) e^(−x²/2) with t = 1/(1 + 0.375 |x|/√2), where
   * q, of eighth degree, was fitted to 1.2e-8 of its value up to where the exponential ends.
   */
  normal(x: v128, bell: v128): v128 {
    const one = f32x4.splat(1);
    const t = f32x4.div(one, multiplyAdd(f32x4.splat(0.265165043), f32x4.abs(x), one));
    let q = f32x4.splat(0.0308483129);
    q = multiplyAdd(q, t, f32x4.splat(-0.144037717));
    q = multiplyAdd(q, t, f32x4.splat(0.216946944));
    q = multiplyAdd(q, t, f32x4.splat(-0.115538275));
    q = multiplyAdd(q, t, f32x4.splat(0.137422106));
    q = multiplyAdd(q, t, f32x4.splat(0.0605194605));
    q = multiplyAdd(q, t, f32x4.splat(0.102715217));
    q = multiplyAdd(q, t, f32x4.splat(0.105316749));
    q = multiplyAdd(q, t, f32x4.splat(0.105807208));
    const tail = f32x4.mul(f32x4.mul(q, t), bell);
    return v128.bitselect(f32x4.sub(one, tail), tail, f32x4.gt(x, f32x4.splat(0)));
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
