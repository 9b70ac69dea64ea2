/** Copies, sums and selections of arrays and matrices; dropout. */
export interface ArrayKernels {
  /**
   * out ← scale · x (rows, positions, units) or 0, + out where `accumulate`: units whose random bits, of key, sample
   * and unit, are below `threshold` are dropped at all positions. Samples are int32 numbers (rows).
   */
  dropUnits(
    x: number,
    samples: number,
    rows: number,
    positions: number,
    units: number,
    key: number,
    threshold: number,
    scale: number,
    accumulate: boolean,
    out: number,
  ): void;
  /** out ← Σ over rows of x, + out where `accumulate`; rows begin `stride` floats apart. */
  sumRows(x: number, rows: number, columns: number, stride: number, accumulate: boolean, out: number): void;
  /** out ← x, 0 or out + x for n elements. */
  copy(x: number, n: number, out: number): void;
  zero(n: number, out: number): void;
  addTo(x: number, n: number, out: number): void;
  /** out ← x (rows, columns); rows begin so many floats apart. */
  copyRows(x: number, rows: number, columns: number, stride: number, out: number, outStride: number): void;
  /** As `copyRows`, added to what is there. */
  addRows(x: number, rows: number, columns: number, stride: number, out: number, outStride: number): void;
  /** out ← factor · x + offset, + out where `accumulate`, for n elements. */
  scale(factor: number, offset: number, x: number, n: number, accumulate: boolean, out: number): void;
  /** out ← a · b, + out where `accumulate`, for n elements. */
  multiply(a: number, b: number, n: number, accumulate: boolean, out: number): void;
  /** out ← the larger of a and b, or the smaller, for n elements. */
  extreme(largest: boolean, a: number, b: number, n: number, out: number): void;
  /**
   * dx ← dy where x = y, else 0, + dx where `accumulate`, for n elements; dy ← 0 there, so that of several equal x the
   * first asked takes it. Where dx is 0, dy is taken all the same.
   */
  takeWhereEqual(x: number, y: number, dy: number, n: number, accumulate: boolean, dx: number): void;
  /**
   * y ← of each of `samples` of x, `size` floats long, the `count` runs of `run` floats that begin at `places` (int32,
   * counted in runs).
   */
  selectRuns(
    x: number,
    size: number,
    places: number,
    count: number,
    run: number,
    samples: number,
    y: number,
  ): void;
  /** Adds every run of dy to where `selectRuns` reads it. */
  addSelectedRuns(
    dy: number,
    size: number,
    places: number,
    count: number,
    run: number,
    samples: number,
    dx: number,
  ): void;
  /** out ← xᵀ, + out where `accumulate`; x is (rows, columns) without gaps, out's rows begin `stride` floats apart. */
  transpose(x: number, rows: number, columns: number, accumulate: boolean, out: number, stride: number): void;
}
