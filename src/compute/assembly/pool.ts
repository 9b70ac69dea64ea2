import { at, load4, store4 } from "./simd";
import { Window } from "./window";

/** y ← the largest value in each window, channel by channel; what lies beyond the image does not count. */
export function maxPool(window: Window, x: usize, images: i32, y: usize): void {
  Pool.visit(true, window, x, images, y);
}

/** y ← the mean of each window; what lies beyond the image does not count. */
export function averagePool(window: Window, x: usize, images: i32, y: usize): void {
  Pool.visit(false, window, x, images, y);
}

/** Inlined in both (which a class's function can be), where `largest` is a constant: nothing is asked in the loops. */
class Pool {
  @inline
  static visit(largest: bool, window: Window, x: usize, images: i32, y: usize): void {
    const channels = window.channels;
    for (let image: i32 = 0; image < images; image++) {
      for (let row: i32 = 0; row < window.outHeight; row++) {
        const top = row * window.strideHeight - window.padTop;
        for (let column: i32 = 0; column < window.outWidth; column++) {
          const left = column * window.strideWidth - window.padLeft;
          for (let c: i32 = 0; c < channels; c += 4) {
            const count = min(4, channels - c);
            let result = f32x4.splat(largest ? -Infinity : 0);
            let unordered = f32x4.splat(0);
            let seen: f32 = 0;
            for (let i: i32 = 0; i < window.height; i++) {
              const r = top + i * window.dilationHeight;
              if (<u32>r >= <u32>window.inHeight) continue;
              for (let j: i32 = 0; j < window.width; j++) {
                const s = left + j * window.dilationWidth;
                if (<u32>s >= <u32>window.inWidth) continue;
                const source = at(x, ((image * window.inHeight + r) * window.inWidth + s) * channels + c);
                const value = load4(source, count);
                if (largest) {
                  // max itself, which keeps NaN, is many instructions
                  result = f32x4.pmax(result, value);
                  unordered = v128.or(unordered, f32x4.ne(value, value));
                } else result = f32x4.add(result, value);
                seen++;
              }
            }
            // All bits of a lane are one NaN.
            result = largest ? v128.or(result, unordered) : f32x4.div(result, f32x4.splat(seen));
            store4(at(y, c), count, result);
          }
          y = at(y, channels);
        }
      }
    }
  }
}

/** dx ← dx + dy at the first largest value of each window. */
export function maxPoolGradient(window: Window, x: usize, dy: usize, images: i32, dx: usize): void {
  const channels = window.channels;
  for (let image: i32 = 0; image < images; image++) {
    for (let row: i32 = 0; row < window.outHeight; row++) {
      const top = row * window.strideHeight - window.padTop;
      for (let column: i32 = 0; column < window.outWidth; column++) {
        const left = column * window.strideWidth - window.padLeft;
        for (let c: i32 = 0; c < channels; c += 4) {
          const count = min(4, channels - c);
          let best = f32x4.splat(-Infinity);
          let place = i32x4.splat(-1);
          for (let i: i32 = 0; i < window.height; i++) {
            const r = top + i * window.dilationHeight;
            if (<u32>r >= <u32>window.inHeight) continue;
            for (let j: i32 = 0; j < window.width; j++) {
              const s = left + j * window.dilationWidth;
              if (<u32>s >= <u32>window.inWidth) continue;
              const index = ((image * window.inHeight + r) * window.inWidth + s) * channels + c;
              const value = load4(at(x, index), count);
              const larger = f32x4.gt(value, best);
              best = v128.bitselect(value, best, larger);
              place = v128.bitselect(i32x4.splat(index), place, larger);
            }
          }
          addAt(dx, i32x4.extract_lane(place, 0), 0, at(dy, c));
          if (count > 1) addAt(dx, i32x4.extract_lane(place, 1), 1, at(dy, c));
          if (count > 2) addAt(dx, i32x4.extract_lane(place, 2), 2, at(dy, c));
          if (count > 3) addAt(dx, i32x4.extract_lane(place, 3), 3, at(dy, c));
        }
        dy = at(dy, channels);
      }
    }
  }
}

/** dx ← dx + each window's dy, in equal shares. */
export function averagePoolGradient(window: Window, dy: usize, images: i32, dx: usize): void {
  const channels = window.channels;
  for (let image: i32 = 0; image < images; image++) {
    for (let row: i32 = 0; row < window.outHeight; row++) {
      const top = row * window.strideHeight - window.padTop;
      const rows = covered(top, window.height, window.dilationHeight, window.inHeight);
      for (let column: i32 = 0; column < window.outWidth; column++) {
        const left = column * window.strideWidth - window.padLeft;
        const columns = covered(left, window.width, window.dilationWidth, window.inWidth);
        const share: f32 = 1 / <f32>(rows * columns);
        for (let i: i32 = 0; i < window.height; i++) {
          const r = top + i * window.dilationHeight;
          if (<u32>r >= <u32>window.inHeight) continue;
          for (let j: i32 = 0; j < window.width; j++) {
            const s = left + j * window.dilationWidth;
            if (<u32>s >= <u32>window.inWidth) continue;
            const target = at(dx, ((image * window.inHeight + r) * window.inWidth + s) * channels);
            addShare(dy, share, channels, target);
          }
        }
        dy = at(dy, channels);
      }
    }
  }
}

/** How many of `size` taps from `start` on, `dilation` apart, lie in [0, limit). */
function covered(start: i32, size: i32, dilation: i32, limit: i32): i32 {
  let count: i32 = 0;
  for (let i: i32 = 0; i < size; i++) if (<u32>(start + i * dilation) < <u32>limit) count++;
  return count;
}

function addShare(dy: usize, share: f32, n: i32, target: usize): void {
  const factor = f32x4.splat(share);
  let c: i32 = 0;
  for (; c + 4 <= n; c += 4) {
    v128.store(at(target, c), f32x4.add(v128.load(at(target, c)), f32x4.mul(v128.load(at(dy, c)), factor)));
  }
  for (; c < n; c++) store<f32>(at(target, c), load<f32>(at(target, c)) + share * load<f32>(at(dy, c)));
}

/** Adds one lane of dy at its place; there is none where all of the window is NaN. */
function addAt(dx: usize, place: i32, lane: i32, dy: usize): void {
  if (place < 0) return;
  const target = at(dx, place + lane);
  store<f32>(target, load<f32>(target) + load<f32>(at(dy, lane)));
}
