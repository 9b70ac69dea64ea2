import { at, bytes, load4, store4 } from "./simd";

/** Rows that are summed before they are added to the total; their values stay in the second-level cache. */
const BLOCK: i32 = 64;

/**
 * mean, variance ← of every channel of x (rows, channels). Each block of rows is read twice, so that nothing cancels, and
 * joins those before it (Chan, Golub, LeVeque 1979): with n rows of mean μ before and m of mean μ + δ in the block, the
 * squares' sum grows by δ² nm/(n + m) beyond the block's own.
 */
export function moments(x: usize, rows: i32, channels: i32, mean: usize, variance: usize): void {
  const stride = bytes(channels);
  memory.fill(mean, 0, stride);
  memory.fill(variance, 0, stride);
  for (let first: i32 = 0; first < rows; first += BLOCK) {
    const count = min(BLOCK, rows - first);
    const part = f32x4.splat(<f32>count / <f32>(first + count));
    const share = f32x4.splat(1 / <f32>count);
    const weight = f32x4.splat(<f32>count * (<f32>first / <f32>(first + count)));
    for (let c: i32 = 0; c < channels; c += 4) {
      const lanes = min(4, channels - c);
      const start = x + <usize>first * stride + bytes(c);
      const center = f32x4.mul(sumOf(start, count, stride, lanes), share);
      const squares = squaresOf(start, count, stride, lanes, center);
      const before = load4(at(mean, c), lanes);
      const delta = f32x4.sub(center, before);
      store4(at(mean, c), lanes, f32x4.add(before, f32x4.mul(delta, part)));
      const between = f32x4.mul(f32x4.mul(delta, delta), weight);
      const total = f32x4.add(load4(at(variance, c), lanes), f32x4.add(squares, between));
      store4(at(variance, c), lanes, total);
    }
  }
  const share: f32 = 1 / <f32>rows;
  for (let c: i32 = 0; c < channels; c++) store<f32>(at(variance, c), load<f32>(at(variance, c)) * share);
}

/** Σ over rows, in four channels. */
function sumOf(x: usize, rows: i32, stride: usize, lanes: i32): v128 {
  let sum = f32x4.splat(0);
  for (let i: i32 = 0; i < rows; i++) {
    sum = f32x4.add(sum, load4(x, lanes));
    x += stride;
  }
  return sum;
}

/** Σ (x − center)² over rows, in four channels. */
function squaresOf(x: usize, rows: i32, stride: usize, lanes: i32, center: v128): v128 {
  let sum = f32x4.splat(0);
  for (let i: i32 = 0; i < rows; i++) {
    const d = f32x4.sub(load4(x, lanes), center);
    sum = f32x4.add(sum, f32x4.mul(d, d));
    x += stride;
  }
  return sum;
}

/** y ← scale · (x − mean) + shift channel by channel, held between `least` and `most`. */
export function normalise(
  x: usize,
  mean: usize,
  scale: usize,
  shift: usize,
  rows: i32,
  channels: i32,
  least: f32,
  most: f32,
  y: usize,
): void {
  const floor = f32x4.splat(least);
  const ceiling = f32x4.splat(most);
  for (let i: i32 = 0; i < rows; i++) {
    for (let c: i32 = 0; c < channels; c += 4) {
      const count = min(4, channels - c);
      const centered = f32x4.sub(load4(at(x, c), count), load4(at(mean, c), count));
      const scaled = f32x4.mul(centered, load4(at(scale, c), count));
      const shifted = f32x4.add(scaled, load4(at(shift, c), count));
      store4(at(y, c), count, f32x4.pmin(f32x4.pmax(shifted, floor), ceiling));
    }
    x = at(x, channels);
    y = at(y, channels);
  }
}

/**
 * sum ← Σ dy and product ← Σ dy · (x − mean) over the rows, channel by channel: the gradients of shift and, but for
 * the factor 1/deviation, of scale. Where the result was held between 0 and `most`, y is what came of it, and dy ← 0 first
 * where y is at a bound; else y is 0.
 */
export function normalisationSums(
  x: usize,
  dy: usize,
  mean: usize,
  y: usize,
  most: f32,
  rows: i32,
  channels: i32,
  sum: usize,
  product: usize,
): void {
  const stride = bytes(channels);
  memory.fill(sum, 0, stride);
  memory.fill(product, 0, stride);
  for (let first: i32 = 0; first < rows; first += BLOCK) {
    const last = min(rows, first + BLOCK);
    for (let c: i32 = 0; c < channels; c += 4) {
      const lanes = min(4, channels - c);
      const center = load4(at(mean, c), lanes);
      let s = f32x4.splat(0);
      let t = f32x4.splat(0);
      let offset = <usize>first * stride + bytes(c);
      for (let i = first; i < last; i++) {
        let d = load4(dy + offset, lanes);
        if (y) {
          const value = load4(y + offset, lanes);
          const inside = v128.and(f32x4.gt(value, f32x4.splat(0)), f32x4.lt(value, f32x4.splat(most)));
          d = v128.and(d, inside);
          store4(dy + offset, lanes, d);
        }
        s = f32x4.add(s, d);
        t = f32x4.add(t, f32x4.mul(d, f32x4.sub(load4(x + offset, lanes), center)));
        offset += stride;
      }
      store4(at(sum, c), lanes, f32x4.add(load4(at(sum, c), lanes), s));
      store4(at(product, c), lanes, f32x4.add(load4(at(product, c), lanes), t));
    }
  }
}

/** dx ← a · dy + b · (x − mean) + c channel by channel, + dx where `accumulate`. */
export function normalisationGradient(
  x: usize,
  dy: usize,
  mean: usize,
  a: usize,
  b: usize,
  c: usize,
  rows: i32,
  channels: i32,
  accumulate: bool,
  dx: usize,
): void {
  for (let i: i32 = 0; i < rows; i++) {
    for (let j: i32 = 0; j < channels; j += 4) {
      const count = min(4, channels - j);
      const centered = f32x4.sub(load4(at(x, j), count), load4(at(mean, j), count));
      let d = f32x4.mul(load4(at(a, j), count), load4(at(dy, j), count));
      d = f32x4.add(d, f32x4.add(f32x4.mul(load4(at(b, j), count), centered), load4(at(c, j), count)));
      if (accumulate) d = f32x4.add(d, load4(at(dx, j), count));
      store4(at(dx, j), count, d);
    }
    x = at(x, channels);
    dy = at(dy, channels);
    dx = at(dx, channels);
  }
}
