import { activations, type ActivationName } from "../../compute/wasm/kernels.js";
import { addsTo, type Operation } from "./operation.js";

/** y = f(x), element by element. */
export function activation(own: number, input: number, size: number, name: ActivationName): Operation {
  const kind = activations[name];
  return {
    inputs: [input],
    size,
    weights: [],

    forward({ heap, rows, values }) {
      heap.kernels.activate(kind, values[input]!, rows * size, values[own]!);
    },

    backward(frame) {
      const { heap, rows, values, gradients } = frame;
      const dx = gradients[input]!;
      if (dx === 0) return;
      const adds = addsTo(frame, input);
      heap.kernels.activationGradient(kind, values[own]!, gradients[own]!, rows * size, adds, dx);
    },
  };
}
