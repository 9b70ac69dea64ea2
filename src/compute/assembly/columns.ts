import { addTo, copy, zero } from "./memory";
import { at } from "./simd";
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
    const perImage = window.outHeight * window.outWidth;
    let image = first / perImage;
    let row = (first % perImage) / window.outWidth;
    let column = first % window.outWidth;
    for (let position: i32 = 0; position < count; position++) {
      const top = row * window.strideHeight - window.padTop;
      const left = column * window.strideWidth - window.padLeft;
      // The part of the window that lies over the image, where it is not dilated.
      const from = max(0, min(window.width, -left));
      const to = max(from, min(window.width, window.inWidth - left));
      for (let i: i32 = 0; i < window.height; i++) {
        const y = top + i * window.dilationHeight;
        if (<u32>y >= <u32>window.inHeight) {
          if (toColumns) zero(run, columns);
        } else {
          const pixels = at(x, (image * window.inHeight + y) * window.inWidth * window.channels);
          if (window.dilationWidth == 1) {
            const length = (to - from) * window.channels;
            const inside = at(columns, from * window.channels);
            const seen = at(pixels, (left + from) * window.channels);
            if (toColumns) {
              if (from > 0) zero(from * window.channels, columns);
              copy(seen, length, inside);
              if (to < window.width)
                zero((window.width - to) * window.channels, at(columns, to * window.channels));
            } else addTo(inside, length, seen);
          } else {
            for (let j: i32 = 0; j < window.width; j++) {
              const z = left + j * window.dilationWidth;
              const entries = at(columns, j * window.channels);
              const pixel = at(pixels, z * window.channels);
              if (<u32>z < <u32>window.inWidth) {
                if (toColumns) copy(pixel, window.channels, entries);
                else addTo(entries, window.channels, pixel);
              } else if (toColumns) zero(window.channels, entries);
            }
          }
        }
        columns = at(columns, run);
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
}
