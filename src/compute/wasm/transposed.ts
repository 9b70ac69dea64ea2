import { Convolution } from "./convolution.js";
import type { Heap } from "./heap.js";
import type { LinearKernels, Units } from "./linear.js";
import type { WindowShape } from "./window.js";

/**
 * The transpose of a convolution: y is what that would read, x what it would give. The filter is (height, width, channels of
 * y, channels of x).
 */
export class TransposedConvolution implements LinearKernels {
  readonly separable = false;
  readonly #convolution: Convolution;

  /** @param window of the convolution, from y to x */
  constructor(
    heap: Heap,
    window: WindowShape,
    private readonly inChannels: number,
  ) {
    this.#convolution = new Convolution(heap, window, inChannels);
  }

  dispose(): void {
    this.#convolution.dispose();
  }

  forward(x: number, filter: number, images: number, _all: Units, y: number): void {
    this.#convolution.inputGradient(filter, x, images, false, y);
  }

  weightGradient(
    x: number,
    dy: number,
    images: number,
    _all: Units,
    accumulate: boolean,
    dFilter: number,
  ): void {
    this.#convolution.weightGradient(dy, x, images, this.#all, accumulate, dFilter);
  }

  inputGradient(filter: number, dy: number, images: number, accumulate: boolean, dx: number): void {
    this.#convolution.forward(dy, filter, images, this.#all, dx, accumulate);
  }

  get #all(): Units {
    return { from: 0, to: this.inChannels };
  }
}
