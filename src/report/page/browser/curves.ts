import type { PageData } from "../data.js";

/** One result of one series: by each progress, NaN where nothing was measured. */
export interface Curve {
  readonly middle: Float32Array;
  /** The same as the middle where there is no band. */
  readonly low: Float32Array;
  readonly high: Float32Array;
}

export interface DrawnSeries {
  readonly name: string;
  /** In the order of the page's axes. */
  readonly progress: readonly Float32Array[];
  readonly results: readonly Curve[];
  shown: boolean;
}

/** The series of a page, whose columns it holds as text. */
export function seriesIn({ series, progress, results }: PageData): DrawnSeries[] {
  return series.map(({ name, points, banded, columns }) => {
    const bytes = Uint8Array.from(atob(columns), (character) => character.charCodeAt(0));
    const column = (index: number): Float32Array =>
      new Float32Array(bytes.buffer, 4 * index * points, points);
    const width = banded ? 3 : 1;
    return {
      name,
      progress: progress.map((_, index) => column(index)),
      results: results.map((_, index) => {
        const first = progress.length + width * index;
        const middle = column(first);
        return banded
          ? { middle, low: column(first + 1), high: column(first + 2) }
          : { middle, low: middle, high: middle };
      }),
      shown: true,
    };
  });
}

/** The index of the point nearest to `at` on an axis along which `along` grows; -1 where there is none. */
export function nearest(along: Float32Array, at: number): number {
  let [low, high] = [0, along.length - 1];
  if (high < 0) return -1;
  while (high - low > 1) {
    const middle = (low + high) >> 1;
    if (along[middle]! <= at) low = middle;
    else high = middle;
  }
  return at - along[low]! <= along[high]! - at ? low : high;
}
