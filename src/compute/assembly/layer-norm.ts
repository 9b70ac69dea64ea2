import { at, bytes, load4, multiplyAdd, store4, sumOfLanes } from "./simd";

/** Rows that are summed before they are added to the total: errors grow with rows/64 + 64, not with rows. */
const BLOCK: i32 = 64;

/**
 * y ← γ (x − μ) r + β on every row of x (rows, columns), μ its mean and r = 1/√(variance + ε), which go to
 * `statistics` (rows, 2); γ or β = 0 is none.
 */
export function layerNorm(
  x: usize,
  rows: i32,
  columns: i32,
  gamma: usize,
  beta: usize,
  epsilon: f32,
  statistics: usize,
  y: usize,
): void {
  const share: f32 = 1 / <f32>columns;
  for (let i: i32 = 0; i < rows; i++) {
    const mean = sumOf(x, columns) * share;
    const r: f32 = 1 / sqrt<f32>(squareOf(x, columns, mean) * share + epsilon);
    store<f32>(statistics, mean);
    store<f32>(statistics, r, 4);
    const center = f32x4.splat(mean);
    const factor = f32x4.splat(r);
    for (let j: i32 = 0; j < columns; j += 4) {
      const count = min(4, columns - j);
      let z = f32x4.mul(f32x4.sub(load4(at(x, j), count), center), factor);
      if (gamma) z = f32x4.mul(z, load4(at(gamma, j), count));
      if (beta) z = f32x4.add(z, load4(at(beta, j), count));
      store4(at(y, j), count, z);
    }
    statistics += 8;
    x = at(x, columns);
    y = at(y, columns);
  }
}

// Two sums side by side, so that one addition does not wait for the one before.

/** Σ x */
function sumOf(x: usize, n: i32): f32 {
  let s0 = f32x4.splat(0);
  let s1 = s0;
  let j: i32 = 0;
  for (; j + 8 <= n; j += 8) {
    s0 = f32x4.add(s0, v128.load(at(x, j)));
    s1 = f32x4.add(s1, v128.load(at(x, j), 16));
  }
  for (; j < n; j += 4) s0 = f32x4.add(s0, load4(at(x, j), min(4, n - j)));
  return sumOfLanes(f32x4.add(s0, s1));
}

/** Σ (x − mean)² */
function squareOf(x: usize, n: i32, mean: f32): f32 {
  const center = f32x4.splat(mean);
  let s0 = f32x4.splat(0);
  let s1 = s0;
  let j: i32 = 0;
  for (; j + 8 <= n; j += 8) {
    const d0 = f32x4.sub(v128.load(at(x, j)), center);
    const d1 = f32x4.sub(v128.load(at(x, j), 16), center);
    s0 = multiplyAdd(d0, d0, s0);
    s1 = multiplyAdd(d1, d1, s1);
  }
  let sum = sumOfLanes(f32x4.add(s0, s1));
  for (; j < n; j++) {
    const d = load<f32>(at(x, j)) - mean;
    sum += d * d;
  }
  return sum;
}

/**
 * dx ← r (g − mean g − x̂ mean(g x̂)) on every row, where g = γ dy and x̂ = (x − μ) r; + dx where `accumulate`.
 * `statistics` is what `layerNorm` left there.
 */
export function layerNormGradient(
  x: usize,
  dy: usize,
  rows: i32,
  columns: i32,
  gamma: usize,
  statistics: usize,
  accumulate: bool,
  dx: usize,
): void {
  const share: f32 = 1 / <f32>columns;
  const whole = columns & -4;
  const rest = columns - whole;
  for (let i: i32 = 0; i < rows; i++) {
    const center = v128.load32_splat(statistics);
    const factor = v128.load32_splat(statistics, 4);
    let sums = f32x4.splat(0);
    let products = f32x4.splat(0);
    for (let j: i32 = 0; j < whole; j += 4) {
      let g = v128.load(at(dy, j));
      if (gamma) g = f32x4.mul(g, v128.load(at(gamma, j)));
      sums = f32x4.add(sums, g);
      products = multiplyAdd(g, f32x4.sub(v128.load(at(x, j)), center), products);
    }
    if (rest > 0) {
      const g = scaled(dy, gamma, whole, rest); // 0 beyond the edge
      sums = f32x4.add(sums, g);
      products = multiplyAdd(g, f32x4.sub(load4(at(x, whole), rest), center), products);
    }
    // r g − r mean g − r³ mean(g (x − μ)) (x − μ)
    const r = f32x4.extract_lane(factor, 0);
    const constant = f32x4.splat(-sumOfLanes(sums) * share * r);
    const slope = f32x4.splat(-sumOfLanes(products) * share * r * r * r);
    for (let j: i32 = 0; j < whole; j += 4) {
      let g = v128.load(at(dy, j));
      if (gamma) g = f32x4.mul(g, v128.load(at(gamma, j)));
      let d = multiplyAdd(f32x4.sub(v128.load(at(x, j)), center), slope, multiplyAdd(g, factor, constant));
      if (accumulate) d = f32x4.add(d, v128.load(at(dx, j)));
      v128.store(at(dx, j), d);
    }
    if (rest > 0) {
      const line = multiplyAdd(scaled(dy, gamma, whole, rest), factor, constant);
      let d = multiplyAdd(f32x4.sub(load4(at(x, whole), rest), center), slope, line);
      if (accumulate) d = f32x4.add(d, load4(at(dx, whole), rest));
      store4(at(dx, whole), rest, d);
    }
    statistics += 8;
    x = at(x, columns);
    dy = at(dy, columns);
    dx = at(dx, columns);
  }
}

/** γ dy for `count` columns from j on. */
function scaled(dy: usize, gamma: usize, j: i32, count: i32): v128 {
  const d = load4(at(dy, j), count);
  return gamma ? f32x4.mul(d, load4(at(gamma, j), count)) : d;
}

/** dγ ← Σ dy x̂ and dβ ← Σ dy over the rows, + what is there where `accumulate`; an address of 0 is not written. */
export function layerNormSums(
  x: usize,
  dy: usize,
  rows: i32,
  columns: i32,
  statistics: usize,
  accumulate: bool,
  dGamma: usize,
  dBeta: usize,
): void {
  const stride = bytes(columns);
  if (!accumulate) {
    if (dGamma) memory.fill(dGamma, 0, stride);
    if (dBeta) memory.fill(dBeta, 0, stride);
  }
  for (let first: i32 = 0; first < rows; first += BLOCK) {
    const last = min(rows, first + BLOCK);
    for (let j: i32 = 0; j < columns; j += 4) {
      const count = min(4, columns - j);
      let sum = f32x4.splat(0);
      let product = f32x4.splat(0);
      let offset = <usize>first * stride + bytes(j);
      let known = statistics + 8 * <usize>first;
      for (let i = first; i < last; i++) {
        const d = load4(dy + offset, count);
        const normal = f32x4.sub(load4(x + offset, count), v128.load32_splat(known));
        sum = f32x4.add(sum, d);
        product = f32x4.add(product, f32x4.mul(d, f32x4.mul(normal, v128.load32_splat(known, 4))));
        offset += stride;
        known += 8;
      }
      if (dGamma) store4(at(dGamma, j), count, f32x4.add(load4(at(dGamma, j), count), product));
      if (dBeta) store4(at(dBeta, j), count, f32x4.add(load4(at(dBeta, j), count), sum));
    }
  }
}
