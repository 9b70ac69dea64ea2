import type { Heap } from "../../../compute/wasm/heap.js";
import { writeWindow, type WindowShape } from "../../../compute/wasm/window.js";
import { addsTo, type Operation } from "../operation.js";

/** The largest value, or the mean, of each window, channel by channel. */
export function pool(
  heap: Heap,
  kind: "max" | "average",
  own: number,
  input: number,
  window: WindowShape,
): Operation {
  const address = writeWindow(heap, window);
  const inputSize = window.inHeight * window.inWidth * window.channels;
  return {
    inputs: [input],
    size: window.outHeight * window.outWidth * window.channels,
    weights: [],
    dispose: () => {
      heap.free(address);
    },

    forward({ rows, values }) {
      const { kernels } = heap;
      if (kind === "max") kernels.maxPool(address, values[input]!, rows, values[own]!);
      else kernels.averagePool(address, values[input]!, rows, values[own]!);
    },

    backward(frame) {
      const { rows, values, gradients } = frame;
      const { kernels } = heap;
      const dx = gradients[input]!;
      if (dx === 0) return;
      if (!addsTo(frame, input)) kernels.zero(rows * inputSize, dx);
      if (kind === "max") kernels.maxPoolGradient(address, values[input]!, gradients[own]!, rows, dx);
      else kernels.averagePoolGradient(address, gradients[own]!, rows, dx);
    },
  };
}
