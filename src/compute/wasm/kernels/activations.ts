/** The activation functions whose slope follows from their value, by their numbers in assembly/activation.ts. */
export const activations = {
  ...{ linear: 0, relu: 1, sigmoid: 2, tanh: 3, elu: 4 },
  ...{ relu6: 5, selu: 6, softplus: 7, softsign: 8, hardSigmoid: 9 },
} as const;
export type ActivationName = keyof typeof activations;

/** Those whose slope is told from x alone, by their numbers in assembly/curve.ts; the last three have a parameter. */
export const curves = {
  ...{ gelu: 0, gelu_new: 1, swish: 2, mish: 3 },
  ...{ leakyReLU: 4, clippedReLU: 5, thresholdedReLU: 6 },
} as const;
export type CurveName = keyof typeof curves;

/** Activation functions, softmax and their gradients. */
export interface ActivationKernels {
  /** x ← f(x + b) on every row, `stride` floats from row to row; b = 0 is none. */
  biasActivation(kind: number, x: number, b: number, rows: number, columns: number, stride: number): void;
  /** out ← f(x) for n elements. */
  activate(kind: number, x: number, n: number, out: number): void;
  /** out ← dy · f′, + out where `accumulate`, for n elements, from y = f(x). */
  activationGradient(kind: number, y: number, dy: number, n: number, accumulate: boolean, out: number): void;
  /** y ← f(x) for n elements; `parameter` is the slope below 0, the largest value, or the threshold. */
  curve(kind: number, parameter: number, x: number, n: number, y: number): void;
  /** dx ← dy · f′(x), + dx where `accumulate`, for n elements. */
  curveGradient(
    kind: number,
    parameter: number,
    x: number,
    dy: number,
    n: number,
    accumulate: boolean,
    dx: number,
  ): void;
  /** y ← softmax of every row of x (rows, columns), or its logarithm where `logarithm`. */
  softmax(logarithm: boolean, x: number, rows: number, columns: number, y: number): void;
  /** dx ← the gradient by x, + dx where `accumulate`, from that softmax y. */
  softmaxGradient(
    logarithm: boolean,
    y: number,
    dy: number,
    rows: number,
    columns: number,
    accumulate: boolean,
    dx: number,
  ): void;
  /** y ← x where x > 0, else slopes · x, on every row; slopes is (columns). */
  prelu(x: number, slopes: number, rows: number, columns: number, y: number): void;
  /** dx ← dy where x > 0, else slopes · dy, + dx where `accumulate`. */
  preluGradient(
    x: number,
    slopes: number,
    dy: number,
    rows: number,
    columns: number,
    accumulate: boolean,
    dx: number,
  ): void;
  /** out (columns) ← Σ over rows of x · dy where x ≤ 0: the gradient by the slopes. */
  preluSlopeGradient(x: number, dy: number, rows: number, columns: number, out: number): void;
  /**
   * x ← softmax(w x + b) on every row of `matrices` of (rows, columns), which share w and b; b = 0 is none. Where
   * `causal`, row i has i + 1 numbers and is zero beyond, whatever was there.
   */
  maskedSoftmax(
    x: number,
    w: number,
    b: number,
    matrices: number,
    rows: number,
    columns: number,
    causal: boolean,
  ): void;
  /** dy ← the gradient by x of that softmax y, zero beyond where `causal`. */
  maskedSoftmaxGradient(
    y: number,
    dy: number,
    w: number,
    matrices: number,
    rows: number,
    columns: number,
    causal: boolean,
  ): void;
}
