import type { ActivationName } from "../../compute/wasm/kernels.js";
import { biasAndActivation } from "./bias-activation.js";
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
export function dense({
  own,
  input,
  kernel,
  bias,
  positions,
  inputs,
  units,
  activation,
}: DenseShape): Operation {
  const finish = biasAndActivation(own, bias, units, activation);
  return {
    inputs: [input],
    size: positions * units,
    weights: bias === undefined ? [kernel] : [kernel, bias],
    fuse: finish.fuse,

    forward(block) {
      const { heap, values, weights } = block;
      const count = block.rows * positions;
      const x = { at: values[input]!, stride: inputs };
      const W = { at: weights[kernel]!, stride: units };
      heap.multiply({ m: count, n: units, k: inputs }, x, W, { at: values[own]!, stride: units }, false);
      finish.forward(block, count);
    },

    backward(frame) {
      const { heap, values, gradients, weights, weightGradients, accumulate } = frame;
      const count = frame.rows * positions;
      finish.backward(frame, count);
      const dz = { at: gradients[own]!, stride: units };
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
