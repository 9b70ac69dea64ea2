import { addTo, copy, zero } from "./memory";
import { at, bytes } from "./simd";
import { Window } from "./window";

/**
 * columns ← what the window sees at `count` output positions from `first` on, positions numbered over images, rows
 * and columns: (count, height · width · channels), zero where it looks beyond the image. A convolution is the product
 * of this with the filter.
 */
export function imagesToColumns(window: Window, x: usize, first: i32, count: i32, columns: usize): void {
  Walk.visit(true, window, x, first, count, columns);
}

/** The transpose of `imagesToColumns`: adds every column's entries to the pixels they were copied from. */
export function addColumnsToImages(window: Window, columns: usize, first: i32, count: i32, x: usize): void {
  Walk.visit(false, window, x, first, count, columns);
}

/** Inlined in both (which a class's function can be), where `toColumns` is a constant: nothing is asked in the loops. */
class Walk {
  @inline
  static visit(toColumns: bool, window: Window, x: usize, first: i32, count: i32, columns: usize): void {
    const run = window.width * window.channels;
    const down = bytes(window.inWidth * window.channels * window.dilationHeight);
    const perImage = window.outHeight * window.outWidth;
    let image = first / perImage;
    let row = (first % perImage) / window.outWidth;
    let column = first % window.outWidth;
    for (let position: i32 = 0; position < count; position++) {
      const top = row * window.strideHeight - window.padTop;
      const left = column * window.strideWidth - window.padLeft;
      const beyond = top + (window.height - 1) * window.dilationHeight >= window.inHeight;
      const aside = left < 0 || left + window.width > window.inWidth;
      if (top < 0 || beyond || aside || window.dilationWidth > 1) {
        Walk.edge(toColumns, window, x, image, top, left, columns);
        columns = at(columns, run * window.height);
      } else {
        const start = (image * window.inHeight + top) * window.inWidth + left;
        let pixels = at(x, start * window.channels);
        const end = at(columns, run * window.height);
        for (; columns < end; columns = at(columns, run)) {
          if (toColumns) Walk.copyRun(pixels, run, columns);
          else Walk.addRun(columns, run, pixels);
          pixels += down;
        }
      }
      if (++column == window.outWidth) {
        column = 0;
        if (++row == window.outHeight) {
          row = 0;
          image++;
        }
      }
    }
  }

  /** One position of a window that looks beyond the image, or is dilated. */
  @inline
  static edge(
    toColumns: bool,
    window: Window,
    x: usize,
    image: i32,
    top: i32,
    left: i32,
    columns: usize,
  ): void {
    const channels = window.channels;
    // The part of the window that lies over the image, where it is not dilated.
    const from = max(0, min(window.width, -left));
    const to = max(from, min(window.width, window.inWidth - left));
    for (let i: i32 = 0; i < window.height; i++) {
      const y = top + i * window.dilationHeight;
      if (<u32>y >= <u32>window.inHeight) {
        if (toColumns) zero(window.width * channels, columns);
      } else {
        const pixels = at(x, (image * window.inHeight + y) * window.inWidth * channels);
        if (window.dilationWidth == 1) {
          const length = (to - from) * channels;
          const inside = at(columns, from * channels);
          const seen = at(pixels, (left + from) * channels);
          if (toColumns) {
            if (from > 0) zero(from * channels, columns);
            copy(seen, length, inside);
            if (to < window.width) zero((window.width - to) * channels, at(columns, to * channels));
          } else addTo(inside, length, seen);
        } else {
          for (let j: i32 = 0; j < window.width; j++) {
            const z = left + j * window.dilationWidth;
            const entries = at(columns, j * channels);
            const pixel = at(pixels, z * channels);
            if (<u32>z < <u32>window.inWidth) {
              if (toColumns) copy(pixel, channels, entries);
              else addTo(entries, channels, pixel);
            } else if (toColumns) zero(channels, entries);
          }
        }
      }
      columns = at(columns, window.width * channels);
    }
  }

  /** out ← x for n floats, in few branches where they are few. */
  @inline
  static copyRun(x: usize, n: i32, out: usize): void {
    for (const end = at(out, n & ~3); out < end; out += 16) {
      v128.store(out, v128.load(x));
      x += 16;
    }
    if (n & 2) {
      store<u64>(out, load<u64>(x));
      x += 8;
      out += 8;
    }
    if (n & 1) store<f32>(out, load<f32>(x));
  }

  /** out ← out + x for n floats, likewise. */
  @inline
  static addRun(x: usize, n: i32, out: usize): void {
    for (const end = at(out, n & ~3); out < end; out += 16) {
      v128.store(out, f32x4.add(v128.load(out), v128.load(x)));
      x += 16;
    }
    if (n & 2) {
      const two = f32x4.add(v128.load64_zero(out), v128.load64_zero(x));
      store<i64>(out, i64x2.extract_lane(two, 0));
      x += 8;
      out += 8;
    }
    if (n & 1) store<f32>(out, load<f32>(out) + load<f32>(x));
  }
}
