/** Depthwise convolution with one filter for each channel: sums over taps, or over positions, stay in registers. */
import { at, bytes, load4, multiplyAdd, storeColumns } from "./simd";
import { Window } from "./window";

/** Channels whose sums are formed at once, in four registers. */
const WIDE: i32 = 16;

/** y ← the convolution of x, as `depthwise` has it. */
export function convolve(window: Window, x: usize, filter: usize, images: i32, y: usize): void {
  const channels = window.channels;
  const right = bytes(channels) * window.dilationWidth;
  for (let image: i32 = 0; image < images; image++) {
    for (let row: i32 = 0; row < window.outHeight; row++) {
      const top = row * window.strideHeight - window.padTop;
      const i0 = firstAtLeast(-top, window.dilationHeight);
      const rows = min(window.height, firstAtLeast(window.inHeight - top, window.dilationHeight)) - i0;
      for (let column: i32 = 0; column < window.outWidth; column++) {
        const left = column * window.strideWidth - window.padLeft;
        const j0 = firstAtLeast(-left, window.dilationWidth);
        const columns = min(window.width, firstAtLeast(window.inWidth - left, window.dilationWidth)) - j0;
        const firstRow = image * window.inHeight + top + i0 * window.dilationHeight;
        const firstColumn = left + j0 * window.dilationWidth;
        sumOfTaps(
          channels,
          at(x, (firstRow * window.inWidth + firstColumn) * channels),
          bytes(channels) * window.inWidth * window.dilationHeight,
          right,
          at(filter, (i0 * window.width + j0) * channels),
          bytes(channels) * window.width,
          bytes(channels),
          rows,
          columns,
          false,
          y,
        );
        y = at(y, channels);
      }
    }
  }
}

/** dx ← dx + the gradient by x. */
export function gradientByInput(window: Window, dx: usize, filter: usize, images: i32, dy: usize): void {
  const channels = window.channels;
  // Taps that meet the same pixel at whole positions are so many apart, and their positions so many.
  const tapDown = step(window.strideHeight, window.dilationHeight);
  const tapRight = step(window.strideWidth, window.dilationWidth);
  const down = (tapDown * window.dilationHeight) / window.strideHeight;
  const right = (tapRight * window.dilationWidth) / window.strideWidth;
  for (let image: i32 = 0; image < images; image++) {
    for (let row: i32 = 0; row < window.inHeight; row++) {
      const y = row + window.padTop;
      const i0 = firstTap(y, window.strideHeight, window.dilationHeight, tapDown, window.outHeight);
      const rows = taps(y, i0, window.strideHeight, window.dilationHeight, tapDown, window.height);
      for (let column: i32 = 0; column < window.inWidth; column++) {
        const x = column + window.padLeft;
        const j0 = firstTap(x, window.strideWidth, window.dilationWidth, tapRight, window.outWidth);
        const columns = taps(x, j0, window.strideWidth, window.dilationWidth, tapRight, window.width);
        const firstRow = image * window.outHeight + (y - i0 * window.dilationHeight) / window.strideHeight;
        const firstColumn = (x - j0 * window.dilationWidth) / window.strideWidth;
        sumOfTaps(
          channels,
          at(dy, (firstRow * window.outWidth + firstColumn) * channels),
          -(bytes(channels) * window.outWidth * down),
          -(bytes(channels) * right),
          at(filter, (i0 * window.width + j0) * channels),
          bytes(channels) * window.width * tapDown,
          bytes(channels) * tapRight,
          rows,
          columns,
          true,
          dx,
        );
        dx = at(dx, channels);
      }
    }
  }
}

/** dFilter ← dFilter + the gradient by the filter. */
export function gradientByFilter(window: Window, x: usize, dFilter: usize, images: i32, dy: usize): void {
  const channels = window.channels;
  const right = bytes(channels) * window.strideWidth;
  for (let image: i32 = 0; image < images; image++) {
    for (let row: i32 = 0; row < window.outHeight; row++) {
      for (let i: i32 = 0; i < window.height; i++) {
        const r = row * window.strideHeight - window.padTop + i * window.dilationHeight;
        if (<u32>r >= <u32>window.inHeight) continue;
        for (let j: i32 = 0; j < window.width; j++) {
          const left = j * window.dilationWidth - window.padLeft;
          const first = firstAtLeast(-left, window.strideWidth);
          const beyond = min(window.outWidth, firstAtLeast(window.inWidth - left, window.strideWidth));
          const s = left + first * window.strideWidth;
          sumOfTaps(
            channels,
            at(x, ((image * window.inHeight + r) * window.inWidth + s) * channels),
            0,
            right,
            at(dy, ((image * window.outHeight + row) * window.outWidth + first) * channels),
            0,
            bytes(channels),
            1,
            beyond - first,
            true,
            at(dFilter, (i * window.width + j) * channels),
          );
        }
      }
    }
  }
}

/** The least n ≥ 0 with n · step ≥ bound. */
function firstAtLeast(bound: i32, step: i32): i32 {
  return bound <= 0 ? 0 : (bound + step - 1) / step;
}

/** The least n > 0 with n · dilation a multiple of stride. */
function step(stride: i32, dilation: i32): i32 {
  let n: i32 = 1;
  while ((n * dilation) % stride != 0) n++;
  return n;
}

/**
 * The first tap that meets the pixel `position` (beyond the padding) from an output position below `outputs`; one below 0,
 * which `taps` finds none from, where there is none.
 */
function firstTap(position: i32, stride: i32, dilation: i32, apart: i32, outputs: i32): i32 {
  let tap: i32 = 0;
  while (tap < apart && (position - tap * dilation) % stride != 0) tap++;
  if (tap == apart) return -1;
  while (position - tap * dilation >= outputs * stride) tap += apart;
  return tap;
}

/** How many taps from `first` on, so many `apart`, meet `position` from an output position ≥ 0. */
function taps(position: i32, first: i32, stride: i32, dilation: i32, apart: i32, size: i32): i32 {
  if (first < 0) return 0;
  let count: i32 = 0;
  for (let tap = first; tap < size && position - tap * dilation >= 0; tap += apart) count++;
  return count;
}

/** out (channels) ← Σ a · b over rows and columns of both, so many bytes apart, + out where `accumulate`. */
function sumOfTaps(
  channels: i32,
  a: usize,
  aDown: usize,
  aRight: usize,
  b: usize,
  bDown: usize,
  bRight: usize,
  rows: i32,
  columns: i32,
  accumulate: bool,
  out: usize,
): void {
  let c: i32 = 0;
  for (; c + WIDE <= channels; c += WIDE) {
    let s0 = f32x4.splat(0);
    let s1 = s0;
    let s2 = s0;
    let s3 = s0;
    let aRow = at(a, c);
    let bRow = at(b, c);
    for (let i: i32 = 0; i < rows; i++) {
      let p = aRow;
      let q = bRow;
      for (let j: i32 = 0; j < columns; j++) {
        s0 = multiplyAdd(v128.load(p), v128.load(q), s0);
        s1 = multiplyAdd(v128.load(p, 16), v128.load(q, 16), s1);
        s2 = multiplyAdd(v128.load(p, 32), v128.load(q, 32), s2);
        s3 = multiplyAdd(v128.load(p, 48), v128.load(q, 48), s3);
        p += aRight;
        q += bRight;
      }
      aRow += aDown;
      bRow += bDown;
    }
    storeColumns(at(out, c), s0, 4, accumulate);
    storeColumns(at(out, c + 4), s1, 4, accumulate);
    storeColumns(at(out, c + 8), s2, 4, accumulate);
    storeColumns(at(out, c + 12), s3, 4, accumulate);
  }
  for (; c < channels; c += 4) {
    const count = min(4, channels - c);
    let sum = f32x4.splat(0);
    let aRow = at(a, c);
    let bRow = at(b, c);
    for (let i: i32 = 0; i < rows; i++) {
      let p = aRow;
      let q = bRow;
      for (let j: i32 = 0; j < columns; j++) {
        sum = multiplyAdd(load4(p, count), load4(q, count), sum);
        p += aRight;
        q += bRight;
      }
      aRow += aDown;
      bRow += bDown;
    }
    storeColumns(at(out, c), sum, count, accumulate);
  }
}
