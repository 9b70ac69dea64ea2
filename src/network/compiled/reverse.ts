import { addsTo, type Operation } from "./operation.js";

/** The time steps of (steps, width) in the other order. */
export function reverse(own: number, input: number, steps: number, width: number): Operation {
  const stride = steps * width;
  return {
    inputs: [input],
    size: stride,
    weights: [],

    forward({ heap, rows, values }) {
      const [x, y] = [values[input]!, values[own]!];
      for (let t = 0; t < steps; t++) {
        const [from, to] = [x + 4 * t * width, y + 4 * (steps - 1 - t) * width];
        heap.kernels.copyRows(from, rows, width, stride, to, stride);
      }
    },

    backward(frame) {
      const { heap, rows, gradients } = frame;
      const [dy, dx] = [gradients[own]!, gradients[input]!];
      if (dx === 0) return;
      const adds = addsTo(frame, input);
      for (let t = 0; t < steps; t++) {
        const [from, to] = [dy + 4 * t * width, dx + 4 * (steps - 1 - t) * width];
        if (adds) heap.kernels.addRows(from, rows, width, stride, to, stride);
        else heap.kernels.copyRows(from, rows, width, stride, to, stride);
      }
    },
  };
}
