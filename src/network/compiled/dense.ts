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
  const all = { from: 0, to: units };
  return {
    inputs: [input],
    size: positions * units,
    weights: bias === undefined ? [kernel] : [kernel, bias],
    separable: true,
    fuse: finish.fuse,

    forward(block) {
      const { heap, values, weights } = block;
      const count = block.rows * positions;
      const x = { at: values[input]!, stride: inputs };
      const { from, to } = block.units[own] ?? all;
      const W = { at: weights[kernel]! + 4 * from, stride: units };
      const y = { at: values[own]! + 4 * from, stride: units };
      heap.multiply({ m: count, n: to - from, k: inputs }, x, W, y, false);
      finish.forward(block, count, { from, to });
    },

    backward(frame) {
      const { heap, values, gradients, weights, weightGradients, accumulate } = frame;
      const count = frame.rows * positions;
      const { from, to } = frame.wantedUnits[own] ?? all;
      finish.backward(frame, count, { from, to });
      const dW = weightGradients[kernel]!;
      if (dW !== 0) {
        const xT = { at: values[input]!, stride: inputs, transposed: true };
        const dz = { at: gradients[own]! + 4 * from, stride: units };
        const target = { at: dW + 4 * from, stride: units };
        heap.multiply({ m: inputs, n: to - from, k: count }, xT, dz, target, accumulate);
      }
      const dx = gradients[input]!;
      if (dx !== 0) {
        const dz = { at: gradients[own]!, stride: units };
        const WT = { at: weights[kernel]!, stride: units, transposed: true };
        const adds = addsTo(frame, input);
        heap.multiply({ m: count, n: inputs, k: units }, dz, WT, { at: dx, stride: inputs }, adds);
      }
    },
  };
}
