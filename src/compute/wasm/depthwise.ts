import type { Heap } from "./heap.js";
import type { LinearKernels, Units } from "./linear.js";
import { writeWindow, type WindowShape } from "./window.js";

/** Convolution of each channel alone, with `multiplier` filters: (height, width, channels, multiplier). */
export class DepthwiseConvolution implements LinearKernels {
  readonly separable = false;
  readonly #window: number;
  readonly #multiplier: number;

  constructor(
    private readonly heap: Heap,
    private readonly shape: WindowShape,
    private readonly outChannels: number,
  ) {
    this.#window = writeWindow(heap, shape);
    this.#multiplier = outChannels / shape.channels;
  }

  dispose(): void {
    this.heap.free(this.#window);
  }

  forward(x: number, filter: number, images: number, _all: Units, y: number): void {
    this.heap.kernels.depthwise(this.#window, x, filter, this.#multiplier, images, y);
  }

  weightGradient(
    x: number,
    dy: number,
    images: number,
    _all: Units,
    accumulate: boolean,
    dFilter: number,
  ): void {
    const { height, width } = this.shape;
    const { kernels } = this.heap;
    if (!accumulate) kernels.zero(height * width * this.outChannels, dFilter);
    kernels.depthwiseFilterGradient(this.#window, x, dFilter, this.#multiplier, images, dy);
  }

  inputGradient(filter: number, dy: number, images: number, accumulate: boolean, dx: number): void {
    const { inHeight, inWidth, channels } = this.shape;
    const { kernels } = this.heap;
    if (!accumulate) kernels.zero(images * inHeight * inWidth * channels, dx);
    kernels.depthwiseInputGradient(this.#window, dx, filter, this.#multiplier, images, dy);
  }
}
