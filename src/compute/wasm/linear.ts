/** The half-open range [from, to) of a result's last axis: units, or channels. */
export interface Units {
  readonly from: number;
  readonly to: number;
}

/**
 * y = W x and its gradients on the heap, for a matrix product or a convolution: `samples` of x and y, and W, by their
 * addresses.
 */
export interface LinearKernels {
  /** Whether it can compute some units alone; else `units` are all. */
  readonly separable: boolean;
  /** The given units of y ← W x. */
  forward(x: number, W: number, samples: number, units: Units, y: number): void;
  /**
   * dW ← the gradient by W for the given units of y, + dW where `accumulate`. Weights that never meet an input may be left
   * alone: their gradient is 0, and the caller's dW says so from the start.
   */
  weightGradient(x: number, dy: number, samples: number, units: Units, accumulate: boolean, dW: number): void;
  /** dx ← the gradient by x, + dx where `accumulate`. */
  inputGradient(W: number, dy: number, samples: number, accumulate: boolean, dx: number): void;
  /** Frees what it has allocated on the heap. */
  dispose?(): void;
}
