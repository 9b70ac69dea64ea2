import { convolve, gradientByFilter, gradientByInput } from "./depthwise-single";
import { at } from "./simd";
import { Window } from "./window";

/**
 * Depthwise convolution: each input channel has `multiplier` filters of its own. x is (images, inHeight, inWidth,
 * channels), filter (height, width, channels · multiplier), y (images, outHeight, outWidth, channels · multiplier).
 * With more than one filter a channel, the three functions visit the same taps and differ in what they do there.
 */
export function depthwise(
  window: Window,
  x: usize,
  filter: usize,
  multiplier: i32,
  images: i32,
  y: usize,
): void {
  if (multiplier == 1) return convolve(window, x, filter, images, y);
  memory.fill(y, 0, bytesOfResult(window, multiplier, images));
  visit(FORWARD, window, x, filter, multiplier, images, y);
}

/** dx ← dx + the gradient by x. */
export function depthwiseInputGradient(
  window: Window,
  dx: usize,
  filter: usize,
  multiplier: i32,
  images: i32,
  dy: usize,
): void {
  if (multiplier == 1) return gradientByInput(window, dx, filter, images, dy);
  visit(BY_INPUT, window, dx, filter, multiplier, images, dy);
}

/** dFilter ← dFilter + the gradient by the filter. */
export function depthwiseFilterGradient(
  window: Window,
  x: usize,
  dFilter: usize,
  multiplier: i32,
  images: i32,
  dy: usize,
): void {
  if (multiplier == 1) return gradientByFilter(window, x, dFilter, images, dy);
  visit(BY_FILTER, window, x, dFilter, multiplier, images, dy);
}

const FORWARD: i32 = 0;
const BY_INPUT: i32 = 1;
const BY_FILTER: i32 = 2;

function bytesOfResult(window: Window, multiplier: i32, images: i32): usize {
  return (<usize>(window.outHeight * window.outWidth * window.channels * multiplier * images)) << 2;
}

function visit(
  task: i32,
  window: Window,
  x: usize,
  filter: usize,
  multiplier: i32,
  images: i32,
  y: usize,
): void {
  const channels = window.channels;
  const outChannels = channels * multiplier;
  for (let image: i32 = 0; image < images; image++) {
    for (let row: i32 = 0; row < window.outHeight; row++) {
      const top = row * window.strideHeight - window.padTop;
      for (let column: i32 = 0; column < window.outWidth; column++) {
        const left = column * window.strideWidth - window.padLeft;
        for (let i: i32 = 0; i < window.height; i++) {
          const r = top + i * window.dilationHeight;
          if (<u32>r >= <u32>window.inHeight) continue;
          for (let j: i32 = 0; j < window.width; j++) {
            const s = left + j * window.dilationWidth;
            if (<u32>s >= <u32>window.inWidth) continue;
            const pixel = at(x, ((image * window.inHeight + r) * window.inWidth + s) * channels);
            const taps = at(filter, (i * window.width + j) * outChannels);
            tap(task, channels, multiplier, pixel, taps, y);
          }
        }
        y = at(y, outChannels);
      }
    }
  }
}

/** One tap where channel c of x meets filters c · multiplier … c · multiplier + multiplier − 1. */
function tap(task: i32, channels: i32, multiplier: i32, x: usize, w: usize, y: usize): void {
  for (let c: i32 = 0; c < channels; c++) {
    for (let q: i32 = 0; q < multiplier; q++) {
      const out = c * multiplier + q;
      const target = task == FORWARD ? at(y, out) : task == BY_INPUT ? at(x, c) : at(w, out);
      const a = task == BY_INPUT ? at(y, out) : at(x, c);
      const b = task == BY_FILTER ? at(y, out) : at(w, out);
      store<f32>(target, load<f32>(target) + load<f32>(a) * load<f32>(b));
    }
  }
}
