import { activations, type ActivationName } from "../../../compute/wasm/kernels/activations.js";
import { addsTo, type Operation } from "../operation.js";

/** y = f(factor · (x₁ + x₂ + …)), element by element. */
export function add(own: number, inputs: readonly number[], size: number, factor: number): Operation {
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
      const { kernels } = heap;
      const [y, n] = [values[own]!, rows * size];
      kernels.copy(values[inputs[0]!]!, n, y);
      for (const input of inputs.slice(1)) kernels.addTo(values[input]!, n, y);
      if (factor !== 1) kernels.scale(factor, 0, y, n, false, y);
      if (kind !== activations.linear) kernels.activate(kind, y, n, y);
    },

    backward(frame) {
      const { heap, rows, values, gradients } = frame;
      const { kernels } = heap;
      const [dz, n] = [gradients[own]!, rows * size];
      if (kind !== activations.linear) kernels.activationGradient(kind, values[own]!, dz, n, false, dz);
      if (factor !== 1) kernels.scale(factor, 0, dz, n, false, dz);
      for (const input of inputs) {
        const dx = gradients[input]!;
        if (dx === 0) continue;
        if (addsTo(frame, input)) kernels.addTo(dz, n, dx);
        else kernels.copy(dz, n, dx);
      }
    },
  };
}

/** y = x₁ · x₂ · …, element by element. */
export function multiply(own: number, inputs: readonly number[], size: number): Operation {
  return {
    inputs,
    size,
    weights: [],

    forward({ heap, rows, values }) {
      const [y, n] = [values[own]!, rows * size];
      heap.kernels.copy(values[inputs[0]!]!, n, y);
      for (const input of inputs.slice(1)) heap.kernels.multiply(y, values[input]!, n, false, y);
    },

    backward(frame) {
      const { heap, rows, values, gradients } = frame;
      const n = rows * size;
      inputs.forEach((input, i) => {
        const dx = gradients[input]!;
        if (dx === 0) return;
        const others = inputs.toSpliced(i, 1);
        let product = gradients[own]!; // of dy and all others but the last
        for (const other of others.slice(0, -1)) {
          const scratch = heap.scratch(4 * n);
          heap.kernels.multiply(product, values[other]!, n, false, scratch);
          product = scratch;
        }
        heap.kernels.multiply(product, values[others.at(-1)!]!, n, addsTo(frame, input), dx);
      });
    },
  };
}

/** y = the largest, or the smallest, of x₁, x₂, …, element by element; of equal ones the first has the gradient. */
export function extreme(own: number, inputs: readonly number[], size: number, largest: boolean): Operation {
  return {
    inputs,
    size,
    weights: [],

    forward({ heap, rows, values }) {
      const [y, n] = [values[own]!, rows * size];
      heap.kernels.copy(values[inputs[0]!]!, n, y);
      for (const input of inputs.slice(1)) heap.kernels.extreme(largest, y, values[input]!, n, y);
    },

    backward(frame) {
      const { heap, rows, values, gradients } = frame;
      const [y, dy] = [values[own]!, gradients[own]!];
      for (const input of inputs) {
        const dx = gradients[input]!;
        const adds = dx !== 0 && addsTo(frame, input);
        heap.kernels.takeWhereEqual(values[input]!, y, dy, rows * size, adds, dx);
      }
    },
  };
}

/**
 * y = the parts one behind the other, in each of `positions` places of a sample.
 * @param parts with their floats at a place
 */
export function concatenate(
  own: number,
  parts: readonly { readonly operation: number; readonly size: number }[],
  positions: number,
): Operation {
  const width = parts.reduce((sum, { size }) => sum + size, 0);
  const starts = parts.map((_, i) => parts.slice(0, i).reduce((sum, { size }) => sum + size, 0));
  return {
    inputs: parts.map(({ operation }) => operation),
    size: positions * width,
    weights: [],

    forward({ heap, rows, values }) {
      parts.forEach(({ operation, size }, i) => {
        const y = values[own]! + 4 * starts[i]!;
        heap.kernels.copyRows(values[operation]!, rows * positions, size, size, y, width);
      });
    },

    backward(frame) {
      const { heap, rows, gradients } = frame;
      parts.forEach(({ operation, size }, i) => {
        const dx = gradients[operation]!;
        if (dx === 0) return;
        const dy = gradients[own]! + 4 * starts[i]!;
        const count = rows * positions;
        if (addsTo(frame, operation)) heap.kernels.addRows(dy, count, size, width, dx, size);
        else heap.kernels.copyRows(dy, count, size, width, dx, size);
      });
    },
  };
}
