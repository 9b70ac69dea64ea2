import type { Image, Pair } from "../layers/image.js";
import { addsTo, type Operation } from "../operation.js";

/** Images enlarged by whole factors, with linear interpolation between pixels. */
export function interpolate(
  own: number,
  input: number,
  [height, width, channels]: Image,
  [rowFactor, columnFactor]: Pair,
): Operation {
  const inputSize = height * width * channels;
  const sizes = [height, width, channels, rowFactor, columnFactor] as const;
  return {
    inputs: [input],
    size: inputSize * rowFactor * columnFactor,
    weights: [],

    forward({ heap, rows, values }) {
      heap.kernels.interpolate(values[input]!, rows, ...sizes, values[own]!);
    },

    backward(frame) {
      const { heap, rows, gradients } = frame;
      const dx = gradients[input]!;
      if (dx === 0) return;
      if (!addsTo(frame, input)) heap.kernels.zero(rows * inputSize, dx);
      heap.kernels.interpolateGradient(dx, rows, ...sizes, gradients[own]!);
    },
  };
}
