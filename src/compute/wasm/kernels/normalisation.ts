/** Batch and layer normalisation, and scales and shifts by themselves. */
export interface NormalisationKernels {
  /** mean, variance ← of every channel of x (rows, channels). */
  moments(x: number, rows: number, channels: number, mean: number, variance: number): void;
  /** y ← scale · (x − mean) + shift channel by channel, held between `least` and `most`. */
  normalise(
    x: number,
    mean: number,
    scale: number,
    shift: number,
    rows: number,
    channels: number,
    least: number,
    most: number,
    y: number,
  ): void;
  /**
   * sum ← Σ dy, product ← Σ dy · (x − mean) over the rows, channel by channel. Where the result was held between 0 and
   * `most`, y is what came of it, and dy ← 0 first where y is at a bound; else y is 0.
   */
  normalisationSums(
    x: number,
    dy: number,
    mean: number,
    y: number,
    most: number,
    rows: number,
    channels: number,
    sum: number,
    product: number,
  ): void;
  /** dx ← a · dy + b · (x − mean) + c channel by channel, + dx where `accumulate`. */
  normalisationGradient(
    x: number,
    dy: number,
    mean: number,
    a: number,
    b: number,
    c: number,
    rows: number,
    channels: number,
    accumulate: boolean,
    dx: number,
  ): void;
  /** y ← γ (x − μ) r + β on every row; μ and r = 1/√(variance + ε) go to `statistics` (rows, 2). γ or β = 0 is none. */
  layerNorm(
    x: number,
    rows: number,
    columns: number,
    gamma: number,
    beta: number,
    epsilon: number,
    statistics: number,
    y: number,
  ): void;
  /** dx ← the gradient by x, + dx where `accumulate`. */
  layerNormGradient(
    x: number,
    dy: number,
    rows: number,
    columns: number,
    gamma: number,
    statistics: number,
    accumulate: boolean,
    dx: number,
  ): void;
  /** dγ, dβ ← the gradients by γ and β, + what is there where `accumulate`; 0 is not written. */
  layerNormSums(
    x: number,
    dy: number,
    rows: number,
    columns: number,
    statistics: number,
    accumulate: boolean,
    dGamma: number,
    dBeta: number,
  ): void;
  /** y ← w x + b on every row; b = 0 is none. */
  scaleShift(x: number, w: number, b: number, rows: number, columns: number, y: number): void;
  /** dx ← w dy on every row, + dx where `accumulate`. */
  scaleGradient(dy: number, w: number, rows: number, columns: number, accumulate: boolean, dx: number): void;
  /** dw ← Σ over the rows of x dy, + dw where `accumulate`. */
  scaleSums(x: number, dy: number, rows: number, columns: number, accumulate: boolean, dw: number): void;
}
