import { at, load4, store4, storeColumns } from "./simd";

/**
 * y ← images (height, width, channels) enlarged by whole factors: row r of the result lies at row r / rowFactor of the image,
 * between two of its rows, or on the last beyond it; columns alike.
 */
export function interpolate(
  x: usize,
  images: i32,
  height: i32,
  width: i32,
  channels: i32,
  rowFactor: i32,
  columnFactor: i32,
  y: usize,
): void {
  Grid.visit(true, x, images, height, width, channels, rowFactor, columnFactor, y);
}

/** The transpose of `interpolate`: dx ← dx + the gradient by x. */
export function interpolateGradient(
  dx: usize,
  images: i32,
  height: i32,
  width: i32,
  channels: i32,
  rowFactor: i32,
  columnFactor: i32,
  dy: usize,
): void {
  Grid.visit(false, dx, images, height, width, channels, rowFactor, columnFactor, dy);
}

/** Inlined in both (which a class's function can be), where `forward` is a constant: nothing is asked in the loops. */
class Grid {
  @inline
  static visit(
    forward: bool,
    x: usize,
    images: i32,
    height: i32,
    width: i32,
    channels: i32,
    rowFactor: i32,
    columnFactor: i32,
    y: usize,
  ): void {
    for (let image: i32 = 0; image < images; image++) {
      for (let row: i32 = 0; row < height * rowFactor; row++) {
        const above = row / rowFactor;
        const below = min(above + 1, height - 1);
        const down = <f32>(row % rowFactor) / <f32>rowFactor;
        for (let column: i32 = 0; column < width * columnFactor; column++) {
          const left = column / columnFactor;
          const right = min(left + 1, width - 1);
          const across = <f32>(column % columnFactor) / <f32>columnFactor;
          const x0 = at(x, (above * width + left) * channels);
          const x1 = at(x, (above * width + right) * channels);
          const x2 = at(x, (below * width + left) * channels);
          const x3 = at(x, (below * width + right) * channels);
          const w0 = f32x4.splat((1 - down) * (1 - across));
          const w1 = f32x4.splat((1 - down) * across);
          const w2 = f32x4.splat(down * (1 - across));
          const w3 = f32x4.splat(down * across);
          for (let c: i32 = 0; c < channels; c += 4) {
            const count = min(4, channels - c);
            if (forward) {
              const upper = f32x4.add(
                f32x4.mul(w0, load4(at(x0, c), count)),
                f32x4.mul(w1, load4(at(x1, c), count)),
              );
              const lower = f32x4.add(
                f32x4.mul(w2, load4(at(x2, c), count)),
                f32x4.mul(w3, load4(at(x3, c), count)),
              );
              store4(at(y, c), count, f32x4.add(upper, lower));
            } else {
              const d = load4(at(y, c), count);
              storeColumns(at(x0, c), f32x4.mul(w0, d), count, true);
              storeColumns(at(x1, c), f32x4.mul(w1, d), count, true);
              storeColumns(at(x2, c), f32x4.mul(w2, d), count, true);
              storeColumns(at(x3, c), f32x4.mul(w3, d), count, true);
            }
          }
          y = at(y, channels);
        }
      }
      x = at(x, height * width * channels);
    }
  }
}
