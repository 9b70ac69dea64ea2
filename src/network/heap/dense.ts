import { activations, type ActivationName } from "../../compute/wasm/kernels.js";
import { addsTo, type Operation } from "./operation.js";

/** What a dense layer's operation is made of. */
export interface DenseShape {
  readonly own: number;
  readonly input: number;
  /** Number of the kernel (inputs, units) among the weights. */
  readonly kernel: number;
  /** Number of the bias (units). */
  readonly bias: number | undefined;
  /** Rows per sample: 1, or the product of the middle dimensions of an input (batch, …, inputs). */
  readonly positions: number;
  readonly inputs: number;
  readonly units: number;
  readonly activation: ActivationName;
}

/** y = f(xW + b): (rows, inputs)·(inputs, units) → (rows, units) */
export function dense(shape: DenseShape): Operation {
  const { own, input, kernel, bias, positions, inputs, units } = shape;
  const activation = activations[shape.activation];
  return {
    inputs: [input],
    size: positions * units,
    weights: bias === undefined ? [kernel] : [kernel, bias],

    forward({ heap, rows, values, weights }) {
      const count = rows * positions;
      const y = values[own]!;
      const x = { at: values[input]!, stride: inputs };
      const W = { at: weights[kernel]!, stride: units };
      heap.multiply({ m: count, n: units, k: inputs }, x, W, { at: y, stride: units }, false);
      const b = bias === undefined ? 0 : weights[bias]!;
      if (b !== 0 || activation !== activations.linear) {
        heap.kernels.biasActivation(activation, y, b, count, units, units);
      }
    },

    backward(frame) {
      const { heap, values, gradients, weights, weightGradients, accumulate } = frame;
      const count = frame.rows * positions;
      const dz = { at: gradients[own]!, stride: units };
      if (activation !== activations.linear) {
        heap.kernels.activationGradient(activation, values[own]!, dz.at, count * units, false, dz.at);
      }
      const db = bias === undefined ? 0 : weightGradients[bias]!;
      if (db !== 0) heap.kernels.sumRows(dz.at, count, units, accumulate, db);
      const dW = weightGradients[kernel]!;
      if (dW !== 0) {
        const xT = { at: values[input]!, stride: inputs, transposed: true };
        heap.multiply({ m: inputs, n: units, k: count }, xT, dz, { at: dW, stride: units }, accumulate);
      }
      const dx = gradients[input]!;
      if (dx !== 0) {
        const WT = { at: weights[kernel]!, stride: units, transposed: true };
        const adds = addsTo(frame, input);
        heap.multiply({ m: count, n: inputs, k: units }, dz, WT, { at: dx, stride: inputs }, adds);
      }
    },
  };
}
