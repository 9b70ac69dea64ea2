import { at, bytes, load4, store4, sumOfLanes } from "./simd";

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
  const whole = columns & -4;
  const rest = columns - whole;
  for (let i: i32 = 0; i < rows; i++) {
    let sums = f32x4.splat(0);
    for (let j: i32 = 0; j < whole; j += 4) sums = f32x4.add(sums, v128.load(at(x, j)));
    let sum = sumOfLanes(sums);
    for (let j = whole; j < columns; j++) sum += load<f32>(at(x, j));
    const mean = sum * share;
    const center = f32x4.splat(mean);
    let squares = f32x4.splat(0);
    for (let j: i32 = 0; j < whole; j += 4) {
      const d = f32x4.sub(v128.load(at(x, j)), center);
      squares = f32x4.add(squares, f32x4.mul(d, d));
    }
    let square = sumOfLanes(squares);
    for (let j = whole; j < columns; j++) {
      const d = load<f32>(at(x, j)) - mean;
      square += d * d;
    }
    const r: f32 = 1 / sqrt<f32>(square * share + epsilon);
    store<f32>(statistics, mean);
    store<f32>(statistics, r, 4);
    const factor = f32x4.splat(r);
    for (let j: i32 = 0; j < whole; j += 4) {
      const normal = f32x4.mul(f32x4.sub(v128.load(at(x, j)), center), factor);
      v128.store(at(y, j), scaled(normal, gamma, beta, j, 4));
    }
    if (rest > 0) {
      const normal = f32x4.mul(f32x4.sub(load4(at(x, whole), rest), center), factor);
      store4(at(y, whole), rest, scaled(normal, gamma, beta, whole, rest));
    }
    statistics += 8;
    x = at(x, columns);
    y = at(y, columns);
  }
}

/** γx + β for `count` columns from j on. */
function scaled(x: v128, gamma: usize, beta: usize, j: i32, count: i32): v128 {
  if (gamma) x = f32x4.mul(x, load4(at(gamma, j), count));
  return beta ? f32x4.add(x, load4(at(beta, j), count)) : x;
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
  for (let i: i32 = 0; i < rows; i++) {
    const center = v128.load32_splat(statistics);
    const factor = v128.load32_splat(statistics, 4);
    let sums = f32x4.splat(0);
    let products = f32x4.splat(0);
    for (let j: i32 = 0; j < columns; j += 4) {
      const count = min(4, columns - j);
      const g = scaled(load4(at(dy, j), count), gamma, 0, j, count); // 0 beyond the edge
      sums = f32x4.add(sums, g);
      products = f32x4.add(products, f32x4.mul(g, f32x4.sub(load4(at(x, j), count), center)));
    }
    const mean = f32x4.splat(sumOfLanes(sums) * share);
    const r = f32x4.extract_lane(factor, 0);
    const slope = f32x4.splat(sumOfLanes(products) * share * r * r);
    for (let j: i32 = 0; j < columns; j += 4) {
      const count = min(4, columns - j);
      const g = scaled(load4(at(dy, j), count), gamma, 0, j, count);
      const d = f32x4.sub(load4(at(x, j), count), center);
      let result = f32x4.mul(factor, f32x4.sub(f32x4.sub(g, mean), f32x4.mul(d, slope)));
      if (accumulate) result = f32x4.add(result, load4(at(dx, j), count));
      store4(at(dx, j), count, result);
    }
    statistics += 8;
    x = at(x, columns);
    dy = at(dy, columns);
    dx = at(dx, columns);
  }
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
