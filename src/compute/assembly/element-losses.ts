import { exp, log } from "./math";
import { at, load4, store4 } from "./simd";

/*
 * Losses that are means over single numbers. Of p or z and y, both (rows, width), each returns Σ_rows (1/width) Σ_j ℓ in
 * double precision; where d ≠ 0, d ← the gradient of weight times that.
 */

/** ℓ = (p − y)² */
export function squaredError(p: usize, y: usize, rows: i32, width: i32, weight: f32, d: usize): f64 {
  const n = rows * width;
  const factor = f32x4.splat((2 * weight) / <f32>width);
  let sums = f64x2.splat(0);
  for (let j: i32 = 0; j < n; j += 4) {
    const count = min(4, n - j);
    const e = f32x4.sub(load4(at(p, j), count), load4(at(y, j), count));
    sums = addProducts(sums, e, e);
    if (d) store4(at(d, j), count, f32x4.mul(factor, e));
  }
  return sumOfPair(sums) / <f64>width;
}

/** Numbers whose 1 + t are multiplied before one logarithm is taken: a product of so many below 2 is far from infinity. */
const FACTORS: i32 = 512;

/** ℓ = max(z, 0) − yz + ln(1 + e^{−|z|}), the cross-entropy of sigmoid(z) */
export function sigmoidCrossEntropy(z: usize, y: usize, rows: i32, width: i32, weight: f32, d: usize): f64 {
  const n = rows * width;
  const factor = f32x4.splat(weight / <f32>width);
  const one = f32x4.splat(1);
  let sums = f64x2.splat(0);
  let total: f64 = 0;
  for (let first: i32 = 0; first < n; first += FACTORS) {
    const last = min(n, first + FACTORS);
    let product = f64x2.splat(1);
    for (let j = first; j < last; j += 4) {
      const count = min(4, last - j);
      const x = load4(at(z, j), count);
      const label = load4(at(y, j), count);
      const t = exp(f32x4.neg(f32x4.abs(x)));
      sums = addProducts(sums, x, f32x4.sub(positive(x), label));
      product = multiplyBy(product, t, count);
      if (d) {
        // σ(z) = 1/(1 + t), or t/(1 + t) below 0
        const sigma = f32x4.div(v128.bitselect(one, t, f32x4.ge(x, f32x4.splat(0))), f32x4.add(one, t));
        store4(at(d, j), count, f32x4.mul(factor, f32x4.sub(sigma, label)));
      }
    }
    total += log(f64x2.extract_lane(product, 0) * f64x2.extract_lane(product, 1));
  }
  return (total + sumOfPair(sums)) / <f64>width;
}

/** 1 where x > 0, else 0: max(x, 0) = x · positive(x). */
function positive(x: v128): v128 {
  return v128.and(f32x4.gt(x, f32x4.splat(0)), f32x4.splat(1));
}

/** product · Π (1 + t) over the low `count` lanes; the others of t are e⁰ = 1 there, and count as nothing. */
function multiplyBy(product: v128, t: v128, count: i32): v128 {
  const one = f64x2.splat(1);
  const low = f64x2.add(one, f64x2.promote_low_f32x4(t));
  if (count == 1) return f64x2.mul(product, f64x2.replace_lane(one, 0, f64x2.extract_lane(low, 0)));
  product = f64x2.mul(product, low);
  if (count == 2) return product;
  const high = f64x2.add(one, f64x2.promote_low_f32x4(upper(t)));
  return f64x2.mul(product, count == 4 ? high : f64x2.replace_lane(one, 0, f64x2.extract_lane(high, 0)));
}

/** sums + ab, in double precision */
function addProducts(sums: v128, a: v128, b: v128): v128 {
  const low = f64x2.mul(f64x2.promote_low_f32x4(a), f64x2.promote_low_f32x4(b));
  const high = f64x2.mul(f64x2.promote_low_f32x4(upper(a)), f64x2.promote_low_f32x4(upper(b)));
  return f64x2.add(sums, f64x2.add(low, high));
}

function upper(x: v128): v128 {
  return v128.shuffle<f32>(x, x, 2, 3, 0, 1);
}

function sumOfPair(sums: v128): f64 {
  return f64x2.extract_lane(sums, 0) + f64x2.extract_lane(sums, 1);
}
