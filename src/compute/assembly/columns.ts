import { addTo, copy, zero } from "./memory";
import { at } from "./simd";
import { Window } from "./window";

/**
 * columns ← what the window sees at `count` output positions from `first` on, positions numbered over images, rows
 * and columns: (count, height · width · channels), zero where it looks beyond the image. A convolution is the product
 * of this with the filter.
 */
export function imagesToColumns(window: Window, x: usize, first: i32, count: i32, columns: usize): void {
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
        zero(run, columns);
      } else {
        const source = at(x, (image * window.inHeight + y) * window.inWidth * window.channels);
        if (window.dilationWidth == 1) {
          if (from > 0) zero(from * window.channels, columns);
          const length = (to - from) * window.channels;
          copy(at(source, (left + from) * window.channels), length, at(columns, from * window.channels));
          if (to < window.width)
            zero((window.width - to) * window.channels, at(columns, to * window.channels));
        } else {
          for (let j: i32 = 0; j < window.width; j++) {
            const z = left + j * window.dilationWidth;
            const target = at(columns, j * window.channels);
            if (<u32>z >= <u32>window.inWidth) zero(window.channels, target);
            else copy(at(source, z * window.channels), window.channels, target);
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

/** The transpose of `imagesToColumns`: adds every column's entries to the pixels they were copied from. */
export function addColumnsToImages(window: Window, columns: usize, first: i32, count: i32, x: usize): void {
  const run = window.width * window.channels;
  const perImage = window.outHeight * window.outWidth;
  let image = first / perImage;
  let row = (first % perImage) / window.outWidth;
  let column = first % window.outWidth;
  for (let position: i32 = 0; position < count; position++) {
    const top = row * window.strideHeight - window.padTop;
    const left = column * window.strideWidth - window.padLeft;
    const from = max(0, min(window.width, -left));
    const to = max(from, min(window.width, window.inWidth - left));
    for (let i: i32 = 0; i < window.height; i++) {
      const y = top + i * window.dilationHeight;
      if (<u32>y < <u32>window.inHeight) {
        const target = at(x, (image * window.inHeight + y) * window.inWidth * window.channels);
        if (window.dilationWidth == 1) {
          const length = (to - from) * window.channels;
          addTo(at(columns, from * window.channels), length, at(target, (left + from) * window.channels));
        } else {
          for (let j: i32 = 0; j < window.width; j++) {
            const z = left + j * window.dilationWidth;
            if (<u32>z >= <u32>window.inWidth) continue;
            addTo(at(columns, j * window.channels), window.channels, at(target, z * window.channels));
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
