import type { Heap } from "./heap.js";
import type { LinearKernels, Units } from "./linear.js";
import { writeWindow, type WindowShape } from "./window.js";

/** Floats of a block of columns: 1 MB stays in the second-level cache. */
const BLOCK_FLOATS = 2 ** 18;
/** Positions that a block has at least: each block packs the filter anew. */
const LEAST_POSITIONS = 256;

/** A run of filter taps that lie side by side, in the filter and in the columns. */
interface Run {
  /** First float of the run's rows in the filter (rows, outChannels), and in a row of columns. */
  readonly filter: number;
  readonly column: number;
  readonly length: number;
}

/**
 * Convolution on the heap as matrix products: (positions, taps)·(taps, outChannels) → (positions, outChannels), the
 * columns made a cache-sized block at a time. x is (images, inHeight, inWidth, channels), the filter (height, width,
 * channels, outChannels), y (images, outHeight, outWidth, outChannels).
 */
export class Convolution implements LinearKernels {
  readonly separable = true;
  readonly #window: number;
  /** The window without the rows and columns of taps that never meet the image (3 × 3 on 1 × 1 keeps its centre). */
  readonly #shape: WindowShape;
  readonly #runs: readonly Run[];
  readonly #taps: number;
  /** The images are their own columns: one tap, no stride, no padding. */
  readonly #direct: boolean;
  readonly #block: number;

  constructor(
    private readonly heap: Heap,
    full: WindowShape,
    private readonly outChannels: number,
  ) {
    const rows = usefulTaps(
      full.outHeight,
      full.strideHeight,
      full.padTop,
      full.dilationHeight,
      full.height,
      full.inHeight,
    );
    const columns = usefulTaps(
      full.outWidth,
      full.strideWidth,
      full.padLeft,
      full.dilationWidth,
      full.width,
      full.inWidth,
    );
    const shape = {
      ...full,
      height: rows.to - rows.from,
      width: columns.to - columns.from,
      padTop: full.padTop - rows.from * full.dilationHeight,
      padLeft: full.padLeft - columns.from * full.dilationWidth,
    };
    this.#shape = shape;
    this.#taps = shape.height * shape.width * shape.channels;
    this.#runs = runsOf(full, shape, rows.from, columns.from, outChannels);
    this.#direct =
      shape.height === 1 &&
      shape.width === 1 &&
      shape.strideHeight === 1 &&
      shape.strideWidth === 1 &&
      shape.padTop === 0 &&
      shape.padLeft === 0 &&
      shape.outHeight === shape.inHeight &&
      shape.outWidth === shape.inWidth;
    this.#block = Math.max(LEAST_POSITIONS, Math.floor(BLOCK_FLOATS / Math.max(1, this.#taps)));
    this.#window = writeWindow(heap, shape);
  }

  dispose(): void {
    this.heap.free(this.#window);
  }

  /** @param accumulate whether y is added to */
  forward(
    x: number,
    filter: number,
    images: number,
    { from, to }: Units,
    y: number,
    accumulate = false,
  ): void {
    const { heap, outChannels } = this;
    if (this.#taps === 0 && !accumulate) heap.kernels.zero(images * this.#positions * outChannels, y);
    this.#forEachBlock(images, ({ first, count }) => {
      const columns = this.#columns(x, first, count);
      this.#runs.forEach((run, i) => {
        heap.multiply(
          { m: count, n: to - from, k: run.length },
          { at: columns + 4 * run.column, stride: this.#taps },
          { at: filter + 4 * (run.filter + from), stride: outChannels },
          { at: y + 4 * (first * outChannels + from), stride: outChannels },
          accumulate || i > 0,
        );
      });
    });
  }

  weightGradient(
    x: number,
    dy: number,
    images: number,
    { from, to }: Units,
    accumulate: boolean,
    dFilter: number,
  ): void {
    const { heap, outChannels } = this;
    this.#forEachBlock(images, ({ first, count }) => {
      const columns = this.#columns(x, first, count);
      for (const run of this.#runs) {
        heap.multiply(
          { m: run.length, n: to - from, k: count },
          { at: columns + 4 * run.column, stride: this.#taps, transposed: true },
          { at: dy + 4 * (first * outChannels + from), stride: outChannels },
          { at: dFilter + 4 * (run.filter + from), stride: outChannels },
          accumulate || first > 0,
        );
      }
    });
  }

  inputGradient(filter: number, dy: number, images: number, accumulate: boolean, dx: number): void {
    const { heap, outChannels } = this;
    const { channels, inHeight, inWidth } = this.#shape;
    if (!accumulate && !this.#direct) heap.kernels.zero(images * inHeight * inWidth * channels, dx);
    this.#forEachBlock(images, ({ first, count }) => {
      const columns = this.#direct ? dx + 4 * first * channels : heap.scratch(4 * count * this.#taps);
      for (const run of this.#runs) {
        heap.multiply(
          { m: count, n: run.length, k: outChannels },
          { at: dy + 4 * first * outChannels, stride: outChannels },
          { at: filter + 4 * run.filter, stride: outChannels, transposed: true },
          { at: columns + 4 * run.column, stride: this.#taps },
          this.#direct && accumulate,
        );
      }
      if (!this.#direct) heap.kernels.addColumnsToImages(this.#window, columns, first, count, dx);
    });
  }

  get #positions(): number {
    return this.#shape.outHeight * this.#shape.outWidth;
  }

  /** The address of the columns of `count` positions from `first` on, made there if they are not the images. */
  #columns(x: number, first: number, count: number): number {
    if (this.#direct) return x + 4 * first * this.#shape.channels;
    const columns = this.heap.scratch(4 * count * this.#taps);
    this.heap.kernels.imagesToColumns(this.#window, x, first, count, columns);
    return columns;
  }

  #forEachBlock(images: number, visit: (block: { first: number; count: number }) => void): void {
    if (this.#taps === 0) return;
    const positions = images * this.#positions;
    for (let first = 0; first < positions; first += this.#block) {
      visit({ first, count: Math.min(this.#block, positions - first) });
    }
  }
}

/** The range of taps along one axis that meet the image at some output position. */
function usefulTaps(
  outputs: number,
  stride: number,
  pad: number,
  dilation: number,
  taps: number,
  size: number,
): { from: number; to: number } {
  const meets = (tap: number) => {
    for (let o = 0; o < outputs; o++) {
      const at = o * stride - pad + tap * dilation;
      if (at >= 0 && at < size) return true;
    }
    return false;
  };
  const useful = Array.from({ length: taps }, (_, tap) => tap).filter(meets);
  return useful.length === 0 ? { from: 0, to: 0 } : { from: useful[0]!, to: useful.at(-1)! + 1 };
}

/** Whole rows of taps are one run; where columns of taps are left out, each row is a run of its own. */
function runsOf(
  full: WindowShape,
  kept: WindowShape,
  fromRow: number,
  fromColumn: number,
  outChannels: number,
): Run[] {
  const row = kept.width * kept.channels;
  const at = (i: number) => ((i + fromRow) * full.width + fromColumn) * full.channels * outChannels;
  if (kept.width === full.width) return [{ filter: at(0), column: 0, length: kept.height * row }];
  return Array.from({ length: kept.height }, (_, i) => ({ filter: at(i), column: i * row, length: row }));
}
