import { exp, log } from "./math";
import { at } from "./simd";

/**
 * Softmax cross-entropy of logits z against labels y, both (rows, classes): returns Σ_rows Σ_j y_j (ln Σ_k e^{z_k} − z_j)
 * in double precision. Where dz ≠ 0, dz ← weight · (softmax(z) · Σ_j y_j − y), the gradient of weight times that sum.
 */
export function crossEntropy(z: usize, y: usize, rows: i32, classes: i32, weight: f32, dz: usize): f64 {
  let total: f64 = 0;
  const whole = classes & ~3;
  for (let i: i32 = 0; i < rows; i++) {
    const largest = maximum(z, classes);
    const shift = f32x4.splat(largest);
    let sums = f32x4.splat(0);
    let sum: f32 = 0;
    for (let j: i32 = 0; j < whole; j += 4) {
      const e = exp(f32x4.sub(v128.load(at(z, j)), shift));
      sums = f32x4.add(sums, e);
      if (dz) v128.store(at(dz, j), e);
    }
    for (let j = whole; j < classes; j++) {
      const e = f32x4.extract_lane(exp(f32x4.splat(load<f32>(at(z, j)) - largest)), 0);
      sum += e;
      if (dz) store<f32>(at(dz, j), e);
    }
    sum += f32x4.extract_lane(sums, 0) + f32x4.extract_lane(sums, 1);
    sum += f32x4.extract_lane(sums, 2) + f32x4.extract_lane(sums, 3);
    const logSum = <f64>largest + log(<f64>sum);
    let mass: f32 = 0;
    for (let j: i32 = 0; j < classes; j++) {
      const label = load<f32>(at(y, j));
      if (label != 0) {
        total += <f64>label * (logSum - <f64>load<f32>(at(z, j)));
        mass += label;
      }
    }
    if (dz) {
      const factor = (weight * mass) / sum;
      for (let j: i32 = 0; j < classes; j++) {
        store<f32>(at(dz, j), factor * load<f32>(at(dz, j)) - weight * load<f32>(at(y, j)));
      }
      dz += (<usize>classes) << 2;
    }
    z += (<usize>classes) << 2;
    y += (<usize>classes) << 2;
  }
  return total;
}

/** Rows in which z and y have their largest entry at the same place (the first, where there are several). */
export function countCorrect(z: usize, y: usize, rows: i32, classes: i32): i32 {
  let correct: i32 = 0;
  for (let i: i32 = 0; i < rows; i++) {
    if (argmax(z, classes) == argmax(y, classes)) correct++;
    z += (<usize>classes) << 2;
    y += (<usize>classes) << 2;
  }
  return correct;
}

function maximum(z: usize, n: i32): f32 {
  let largest = load<f32>(z);
  for (let j: i32 = 1; j < n; j++) largest = max(largest, load<f32>(at(z, j)));
  return largest;
}

function argmax(z: usize, n: i32): i32 {
  let best: i32 = 0;
  for (let j: i32 = 1; j < n; j++) if (load<f32>(at(z, j)) > load<f32>(at(z, best))) best = j;
  return best;
}
