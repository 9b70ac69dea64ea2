import { exp, log } from "./math";
import { at, bytes, firstLanes, load4, loadPart, storePart, sumOfLanes } from "./simd";

/**
 * Softmax cross-entropy of logits z against labels y, both (rows, classes): returns Σ_rows Σ_j y_j (ln Σ_k e^{z_k} − z_j)
 * in double precision. Where dz ≠ 0, dz ← weight · (softmax(z) · Σ_j y_j − y), the gradient of weight times that sum.
 */
export function crossEntropy(z: usize, y: usize, rows: i32, classes: i32, weight: f32, dz: usize): f64 {
  let total: f64 = 0;
  const stride = bytes(classes);
  for (let i: i32 = 0; i < rows; i++) {
    const largest = maximum(z, classes);
    const sum = exponentials(z, classes, largest, dz);
    const mass = sumOf(y, classes);
    const logSum = <f64>largest + log(<f64>sum);
    total += <f64>mass * logSum - labelled(z, y, classes);
    if (dz) {
      scaleAndSubtract((weight * mass) / sum, weight, y, classes, dz);
      dz += stride;
    }
    z += stride;
    y += stride;
  }
  return total;
}

/**
 * The same against one class for each row, labels (rows) in float32: returns Σ_rows (ln Σ_k e^{z_k} − z_label). Where
 * dz ≠ 0, dz ← weight · (softmax(z) − e_label).
 */
export function sparseCrossEntropy(
  z: usize,
  labels: usize,
  rows: i32,
  classes: i32,
  weight: f32,
  dz: usize,
): f64 {
  let total: f64 = 0;
  const stride = bytes(classes);
  for (let i: i32 = 0; i < rows; i++) {
    const label = at(0, <i32>load<f32>(at(labels, i)));
    const largest = maximum(z, classes);
    const sum = exponentials(z, classes, largest, dz);
    total += <f64>largest + log(<f64>sum) - <f64>load<f32>(z + label);
    if (dz) {
      scale(weight / sum, classes, dz);
      store<f32>(dz + label, load<f32>(dz + label) - weight);
      dz += stride;
    }
    z += stride;
  }
  return total;
}

/** Σ_j e^{z_j − shift}; the terms go to `out` unless that is 0. */
export function exponentials(z: usize, n: i32, shift: f32, out: usize): f32 {
  const shifts = f32x4.splat(shift);
  let sums = f32x4.splat(0);
  let j: i32 = 0;
  for (; j + 4 <= n; j += 4) {
    const e = exp(f32x4.sub(v128.load(at(z, j)), shifts));
    sums = f32x4.add(sums, e);
    if (out) v128.store(at(out, j), e);
  }
  if (j < n) {
    const e = exp(f32x4.sub(loadPart(at(z, j), n - j), shifts));
    sums = f32x4.add(sums, v128.and(e, firstLanes(n - j)));
    if (out) storePart(at(out, j), n - j, e);
  }
  return sumOfLanes(sums);
}

/** Σ_j y_j z_j in double precision, where y_j ≠ 0. */
function labelled(z: usize, y: usize, n: i32): f64 {
  let sums = f64x2.splat(0);
  for (let j: i32 = 0; j < n; j += 4) {
    const count = min(4, n - j);
    const label = load4(at(y, j), count);
    const value = v128.and(load4(at(z, j), count), f32x4.ne(label, f32x4.splat(0)));
    const upperLabel = v128.shuffle<f32>(label, label, 2, 3, 0, 1);
    const upperValue = v128.shuffle<f32>(value, value, 2, 3, 0, 1);
    sums = f64x2.add(sums, f64x2.mul(f64x2.promote_low_f32x4(label), f64x2.promote_low_f32x4(value)));
    sums = f64x2.add(
      sums,
      f64x2.mul(f64x2.promote_low_f32x4(upperLabel), f64x2.promote_low_f32x4(upperValue)),
    );
  }
  return f64x2.extract_lane(sums, 0) + f64x2.extract_lane(sums, 1);
}

/** e ← factor · e − weight · y. */
function scaleAndSubtract(factor: f32, weight: f32, y: usize, n: i32, e: usize): void {
  const factors = f32x4.splat(factor);
  const weights = f32x4.splat(weight);
  let j: i32 = 0;
  for (; j + 4 <= n; j += 4) {
    const scaled = f32x4.mul(factors, v128.load(at(e, j)));
    v128.store(at(e, j), f32x4.sub(scaled, f32x4.mul(weights, v128.load(at(y, j)))));
  }
  if (j < n) {
    const scaled = f32x4.mul(factors, loadPart(at(e, j), n - j));
    storePart(at(e, j), n - j, f32x4.sub(scaled, f32x4.mul(weights, loadPart(at(y, j), n - j))));
  }
}

/** e ← factor · e */
export function scale(factor: f32, n: i32, e: usize): void {
  const factors = f32x4.splat(factor);
  let j: i32 = 0;
  for (; j + 4 <= n; j += 4) v128.store(at(e, j), f32x4.mul(factors, v128.load(at(e, j))));
  if (j < n) storePart(at(e, j), n - j, f32x4.mul(factors, loadPart(at(e, j), n - j)));
}

export function sumOf(x: usize, n: i32): f32 {
  let sums = f32x4.splat(0);
  let j: i32 = 0;
  for (; j + 4 <= n; j += 4) sums = f32x4.add(sums, v128.load(at(x, j)));
  if (j < n) sums = f32x4.add(sums, loadPart(at(x, j), n - j));
  return sumOfLanes(sums);
}

/** The largest of z; what it makes of NaN does not matter, for e^NaN tells. */
export function maximum(z: usize, n: i32): f32 {
  let largest = f32x4.splat(load<f32>(z));
  let j: i32 = 0;
  for (; j + 4 <= n; j += 4) largest = f32x4.pmax(largest, v128.load(at(z, j)));
  for (; j < n; j++) largest = f32x4.pmax(largest, v128.load32_splat(at(z, j)));
  const halves = f32x4.pmax(largest, v128.shuffle<f32>(largest, largest, 2, 3, 0, 1));
  return f32x4.extract_lane(f32x4.pmax(halves, v128.shuffle<f32>(halves, halves, 1, 0, 3, 2)), 0);
}
