import type { TensorInfo } from "@tensorflow/tfjs";
import { tf } from "../tensorflow.js";
import type { Heap } from "./heap.js";
import { replaceKernel } from "./replace.js";
import { windowShape, writeWindow } from "./window.js";

interface PoolAttributes {
  readonly filterSize: number | [number, number];
  readonly strides: number | [number, number];
  readonly pad: "valid" | "same" | number;
  readonly dimRoundingMode?: "floor" | "round" | "ceil";
}

interface Inputs {
  readonly dy: TensorInfo;
  readonly input: TensorInfo;
}

/**
 * Gradients of pooling. The shipped MaxPoolGrad looks at every output position for every input position; the shipped
 * AvgPoolGrad divides by the whole window where it hangs over the edge, though AvgPool does not.
 */
export function replacePooling(heap: Heap): void {
  type Task = (window: number, images: number, x: number, dy: number, dx: number) => void;
  const tasks: Record<string, Task> = {
    MaxPoolGrad: (window, images, x, dy, dx) => {
      heap.kernels.maxPoolGradient(window, x, dy, images, dx);
    },
    AvgPoolGrad: (window, images, _x, dy, dx) => {
      heap.kernels.averagePoolGradient(window, dy, images, dx);
    },
  };
  for (const [name, task] of Object.entries(tasks)) {
    replaceKernel<Inputs, PoolAttributes>(name, ({ inputs: { dy, input }, attrs }) => {
      const { filterSize, strides, pad, dimRoundingMode } = attrs;
      const shape = input.shape as [number, number, number, number];
      const info = tf.backend_util.computePool2DInfo(shape, filterSize, strides, 1, pad, dimRoundingMode);
      const dx = heap.output(shape);
      heap.kernels.zero(tf.util.sizeFromShape(shape), heap.address(dx));
      const window = writeWindow(heap, windowShape(info));
      task(window, info.batchSize, heap.address(input), heap.address(dy), heap.address(dx));
      heap.free(window);
      return dx;
    });
  }
}
