import type { TensorInfo } from "@tensorflow/tfjs";
import { tf } from "../tensorflow.js";
import { withWindow, type Shape4D } from "./conv-info.js";
import type { Heap } from "./heap.js";
import { replaceKernel } from "./replace.js";

interface PoolAttributes {
  readonly filterSize: number | [number, number];
  readonly strides: number | [number, number];
  readonly pad: "valid" | "same" | number;
  readonly dimRoundingMode?: "floor" | "round" | "ceil";
}

/** The shipped MaxPoolGrad looks at every output position for every input position. */
export function replacePooling(heap: Heap): void {
  replaceKernel<{ dy: TensorInfo; input: TensorInfo }, PoolAttributes>("MaxPoolGrad", ({ inputs, attrs }) => {
    const { dy, input } = inputs;
    const { filterSize, strides, pad, dimRoundingMode } = attrs;
    const info = tf.backend_util.computePool2DInfo(
      input.shape as Shape4D,
      filterSize,
      strides,
      1,
      pad,
      dimRoundingMode,
    );
    const dx = heap.output(input.shape);
    heap.kernels.zero(tf.util.sizeFromShape(input.shape), heap.address(dx));
    withWindow(heap, info, (window) => {
      const [x, dz] = [heap.address(input), heap.address(dy)];
      heap.kernels.maxPoolGradient(window, x, dz, info.batchSize, heap.address(dx));
    });
    return dx;
  });
}
