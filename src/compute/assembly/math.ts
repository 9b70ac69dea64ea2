/**
 * Exponential, logarithm and their kin without tables: the memory belongs to TensorFlow.js, so the standard library's
 * static tables have no place in it.
 */
import { multiplyAdd } from "./simd";

/**
 * eˣ in four lanes, to 2 units in the last place: eˣ = 2ⁿ·eʳ with |r| ≤ ln 2 / 2 and a polynomial for eʳ (Cephes,
 * expf). Saturates beyond ±88; NaN stays NaN.
 */
export function exp(x: v128): v128 {
  // pmin and pmax: one instruction each, and of NaN and a bound they give their first operand.
  x = f32x4.pmax(f32x4.pmin(x, f32x4.splat(88.3762626647949)), f32x4.splat(-88.3762626647949));
  const n = f32x4.nearest(f32x4.mul(x, f32x4.splat(1.4426950408889634)));
  let r = multiplyAdd(n, f32x4.splat(-0.693359375), x); // ln 2 in two parts, the first exact in n · ln 2
  r = multiplyAdd(n, f32x4.splat(2.1219444e-4), r);
  let p = f32x4.splat(1.98756915e-4);
  p = multiplyAdd(p, r, f32x4.splat(1.3981999507e-3));
  p = multiplyAdd(p, r, f32x4.splat(8.3334519073e-3));
  p = multiplyAdd(p, r, f32x4.splat(4.1665795894e-2));
  p = multiplyAdd(p, r, f32x4.splat(1.6666665459e-1));
  p = multiplyAdd(p, r, f32x4.splat(5.0000001201e-1));
  p = f32x4.add(multiplyAdd(p, f32x4.mul(r, r), r), f32x4.splat(1));
  const power = i32x4.shl(i32x4.add(i32x4.trunc_sat_f32x4_s(n), i32x4.splat(127)), 23);
  return f32x4.mul(p, power);
}

/** tanh: its series near 0, where the quotient of exponentials cancels (Cephes, tanhf). */
export function tanh(x: v128): v128 {
  const magnitude = f32x4.abs(x);
  const one = f32x4.splat(1);
  const two = f32x4.splat(2);
  const far = f32x4.sub(one, f32x4.div(two, f32x4.add(exp(f32x4.mul(magnitude, two)), one)));
  const q = f32x4.mul(x, x);
  let p = f32x4.splat(-5.70498872745e-3);
  p = multiplyAdd(p, q, f32x4.splat(2.06390887954e-2));
  p = multiplyAdd(p, q, f32x4.splat(-5.37397155531e-2));
  p = multiplyAdd(p, q, f32x4.splat(1.33314422036e-1));
  p = multiplyAdd(p, q, f32x4.splat(-3.33332819422e-1));
  const near = multiplyAdd(f32x4.mul(p, q), x, x);
  const signed = v128.bitselect(x, far, f32x4.splat(-0.0));
  return v128.bitselect(near, signed, f32x4.lt(magnitude, f32x4.splat(0.625)));
}

/** eˣ − 1 for x ≤ 0: its series near 0. */
export function expMinusOne(x: v128): v128 {
  const far = f32x4.sub(exp(x), f32x4.splat(1));
  let p = f32x4.splat(1.0 / 5040);
  p = multiplyAdd(p, x, f32x4.splat(1.0 / 720));
  p = multiplyAdd(p, x, f32x4.splat(1.0 / 120));
  p = multiplyAdd(p, x, f32x4.splat(1.0 / 24));
  p = multiplyAdd(p, x, f32x4.splat(1.0 / 6));
  p = multiplyAdd(p, x, f32x4.splat(0.5));
  p = multiplyAdd(p, x, f32x4.splat(1));
  return v128.bitselect(f32x4.mul(p, x), far, f32x4.gt(x, f32x4.splat(-0.35)));
}

/** ln(1 + t) in four lanes for 0 ≤ t ≤ 1, to rounding also near 0: 2 artanh(t/(2 + t)) by its series. */
export function logOnePlus(t: v128): v128 {
  const s = f32x4.div(t, f32x4.add(t, f32x4.splat(2)));
  const q = f32x4.mul(s, s); // ≤ 1/9: the term after the last is below 3e-9
  let p = f32x4.splat(1.0 / 15);
  p = multiplyAdd(p, q, f32x4.splat(1.0 / 13));
  p = multiplyAdd(p, q, f32x4.splat(1.0 / 11));
  p = multiplyAdd(p, q, f32x4.splat(1.0 / 9));
  p = multiplyAdd(p, q, f32x4.splat(1.0 / 7));
  p = multiplyAdd(p, q, f32x4.splat(1.0 / 5));
  p = multiplyAdd(p, q, f32x4.splat(1.0 / 3));
  p = multiplyAdd(p, q, f32x4.splat(1));
  return f32x4.mul(f32x4.add(s, s), p);
}

/**
 * ln x for positive normal x, in double precision: x = 2ⁿ·m with m in [√½, √2), ln m = 2 artanh((m − 1)/(m + 1)).
 * Infinite and NaN x give themselves.
 */
export function log(x: f64): f64 {
  if (!(x < Infinity)) return x;
  let bits = reinterpret<u64>(x);
  let n = <i32>(bits >> 52) - 1023;
  let m = reinterpret<f64>((bits & 0x000fffffffffffff) | 0x3ff0000000000000);
  if (m > 1.4142135623730951) {
    m *= 0.5;
    n++;
  }
  const s = (m - 1) / (m + 1);
  const q = s * s; // ≤ 0.0295: the term after the last is below 1e-17
  const r = q * q; // even and odd powers of q by themselves: two short chains instead of a long one
  let even = 1.0 / 21;
  even = even * r + 1.0 / 17;
  even = even * r + 1.0 / 13;
  even = even * r + 1.0 / 9;
  even = even * r + 1.0 / 5;
  even = even * r + 1.0;
  let odd = 1.0 / 19;
  odd = odd * r + 1.0 / 15;
  odd = odd * r + 1.0 / 11;
  odd = odd * r + 1.0 / 7;
  odd = odd * r + 1.0 / 3;
  const sum = even + q * odd;
  return <f64>n * 0.6931471805599453 + 2 * s * sum;
}
