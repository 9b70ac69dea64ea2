import { activations, type ActivationName } from "../../compute/wasm/kernels.js";
import { addsTo, type Operation } from "./operation.js";

/** y = f(x₁ + x₂ + …), element by element. */
export function add(own: number, inputs: readonly number[], size: number): Operation {
  let kind: number = activations.linear;
  return {
    inputs,
    size,
    weights: [],

    fuse(activation: ActivationName) {
      if (kind !== activations.linear) return false;
      kind = activations[activation];
      return true;
    },

    forward({ heap, rows, values }) {
      const y = values[own]!;
      heap.kernels.copy(values[inputs[0]!]!, rows * size, y);
      for (const input of inputs.slice(1)) heap.kernels.addTo(values[input]!, rows * size, y);
      if (kind !== activations.linear) heap.kernels.activate(kind, y, rows * size, y);
    },

    backward(frame) {
      const { heap, rows, values, gradients } = frame;
      const dz = gradients[own]!;
      if (kind !== activations.linear) {
        heap.kernels.activationGradient(kind, values[own]!, dz, rows * size, false, dz);
      }
      for (const input of inputs) {
        const dx = gradients[input]!;
        if (dx === 0) continue;
        if (addsTo(frame, input)) heap.kernels.addTo(dz, rows * size, dx);
        else heap.kernels.copy(dz, rows * size, dx);
      }
    },
  };
}
