import {
  activations,
  curves,
  type ActivationName,
  type CurveName,
} from "../../../compute/wasm/kernels/activations.js";
import { addsTo, type Operation } from "../operation.js";

/** y = f(x), element by element, where f′ follows from y. */
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

/** y = f(x), element by element, where f′ takes x; `parameter` as `Kernels.curve` says, 0 where f has none. */
export function curve(
  own: number,
  input: number,
  size: number,
  name: CurveName,
  parameter: number,
): Operation {
  const kind = curves[name];
  return {
    inputs: [input],
    size,
    weights: [],

    forward({ heap, rows, values }) {
      heap.kernels.curve(kind, parameter, values[input]!, rows * size, values[own]!);
    },

    backward(frame) {
      const { heap, rows, values, gradients } = frame;
      const dx = gradients[input]!;
      if (dx === 0) return;
      const adds = addsTo(frame, input);
      heap.kernels.curveGradient(kind, parameter, values[input]!, gradients[own]!, rows * size, adds, dx);
    },
  };
}

/** y = softmax(x), or its logarithm, over the last of the axes: `columns` numbers, `positions` times in a sample. */
export function softmax(
  own: number,
  input: number,
  positions: number,
  columns: number,
  logarithm: boolean,
): Operation {
  return {
    inputs: [input],
    size: positions * columns,
    weights: [],

    forward({ heap, rows, values }) {
      heap.kernels.softmax(logarithm, values[input]!, rows * positions, columns, values[own]!);
    },

    backward(frame) {
      const { heap, rows, values, gradients } = frame;
      const dx = gradients[input]!;
      if (dx === 0) return;
      const adds = addsTo(frame, input);
      const [y, dy] = [values[own]!, gradients[own]!];
      heap.kernels.softmaxGradient(logarithm, y, dy, rows * positions, columns, adds, dx);
    },
  };
}
