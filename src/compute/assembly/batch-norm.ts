import { at, load4, store4 } from "./simd";

/** Rows that are summed before they are added to the total; their values stay in the first-level cache. */
const BLOCK: i32 = 64;

/** Σ over rows of x − shift, and of its square where `square`: one block of rows, added to out (channels). */
function addDeviations(x: usize, rows: i32, channels: i32, shift: usize, square: bool, out: usize): void {
  const stride = (<usize>channels) << 2;
  for (let c: i32 = 0; c < channels; c += 4) {
    const count = min(4, channels - c);
    const center = shift ? load4(at(shift, c), count) : f32x4.splat(0);
    let sum = f32x4.splat(0);
    let p = at(x, c);
    for (let i: i32 = 0; i < rows; i++) {
      const d = f32x4.sub(load4(p, count), center);
      sum = f32x4.add(sum, square ? f32x4.mul(d, d) : d);
      p += stride;
    }
    store4(at(out, c), count, f32x4.add(load4(at(out, c), count), sum));
  }
}

/** mean, variance ← of every channel of x (rows, channels): two passes, so that nothing cancels. */
export function moments(x: usize, rows: i32, channels: i32, mean: usize, variance: usize): void {
  const bytes = (<usize>channels) << 2;
  memory.fill(mean, 0, bytes);
  memory.fill(variance, 0, bytes);
  const share: f32 = 1 / <f32>rows;
  for (let i: i32 = 0; i < rows; i += BLOCK) {
    addDeviations(x + <usize>i * bytes, min(BLOCK, rows - i), channels, 0, false, mean);
  }
  for (let c: i32 = 0; c < channels; c++) store<f32>(at(mean, c), load<f32>(at(mean, c)) * share);
  for (let i: i32 = 0; i < rows; i += BLOCK) {
    addDeviations(x + <usize>i * bytes, min(BLOCK, rows - i), channels, mean, true, variance);
  }
  for (let c: i32 = 0; c < channels; c++) store<f32>(at(variance, c), load<f32>(at(variance, c)) * share);
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
 * the factor 1/deviation, of scale.
 */
export function normalisationSums(
  x: usize,
  dy: usize,
  mean: usize,
  rows: i32,
  channels: i32,
  sum: usize,
  product: usize,
): void {
  const stride = (<usize>channels) << 2;
  memory.fill(sum, 0, stride);
  memory.fill(product, 0, stride);
  for (let first: i32 = 0; first < rows; first += BLOCK) {
    const last = min(rows, first + BLOCK);
    for (let c: i32 = 0; c < channels; c += 4) {
      const count = min(4, channels - c);
      const center = load4(at(mean, c), count);
      let s = f32x4.splat(0);
      let t = f32x4.splat(0);
      let offset = <usize>first * stride + ((<usize>c) << 2);
      for (let i = first; i < last; i++) {
        const d = load4(dy + offset, count);
        s = f32x4.add(s, d);
        t = f32x4.add(t, f32x4.mul(d, f32x4.sub(load4(x + offset, count), center)));
        offset += stride;
      }
      store4(at(sum, c), count, f32x4.add(load4(at(sum, c), count), s));
      store4(at(product, c), count, f32x4.add(load4(at(product, c), count), t));
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
