import { activations, type ActivationName } from "../../../compute/wasm/kernels/activations.js";
import type { LinearKernels } from "../../../compute/wasm/linear.js";
import { addsTo, type Operation } from "../operation.js";

/** What the operation of a layer that is linear but for its end is made of. */
export interface LinearShape {
  readonly own: number;
  readonly input: number;
  /** Number of W among the weights. */
  readonly weight: number;
  /** Number of the bias (units). */
  readonly bias: number | undefined;
  /** Rows per sample: height · width of images, else the product of the middle dimensions of an input (batch, …, inputs). */
  readonly positions: number;
  readonly units: number;
  readonly activation: ActivationName;
}

/** y = f(W x + b), the product by `kernels`: (rows, positions, units) */
export function linear(shape: LinearShape, kernels: LinearKernels): Operation {
  const { own, input, weight, bias, positions, units: width, activation } = shape;
  const all = { from: 0, to: width };
  let kind: number = activations[activation];
  return {
    inputs: [input],
    size: positions * width,
    positions,
    weights: bias === undefined ? [weight] : [weight, bias],
    separable: kernels.separable,
    dispose: () => kernels.dispose?.(),

    fuse(next) {
      if (kind !== activations.linear) return false;
      kind = activations[next];
      return true;
    },

    forward(block) {
      const { heap, rows, values, weights } = block;
      const units = block.units[own] ?? all;
      kernels.forward(values[input]!, weights[weight]!, rows, units, values[own]!);
      if (bias === undefined && kind === activations.linear) return;
      const { from, to } = units;
      const b = bias === undefined ? 0 : weights[bias]! + 4 * from;
      heap.kernels.biasActivation(kind, values[own]! + 4 * from, b, rows * positions, to - from, width);
    },

    backward(frame) {
      const { heap, rows, values, gradients, weights, weightGradients, accumulate } = frame;
      const units = frame.wantedUnits[own] ?? all;
      const count = rows * positions;
      const dz = gradients[own]!; // holds dy, becomes dz = dy · f′
      if (kind !== activations.linear) {
        heap.kernels.activationGradient(kind, values[own]!, dz, count * width, false, dz);
      }
      const { from, to } = units;
      const db = bias === undefined ? 0 : weightGradients[bias]!;
      if (db !== 0) heap.kernels.sumRows(dz + 4 * from, count, to - from, width, accumulate, db + 4 * from);
      const dW = weightGradients[weight]!;
      if (dW !== 0) kernels.weightGradient(values[input]!, dz, rows, units, accumulate, dW);
      const dx = gradients[input]!;
      if (dx !== 0) kernels.inputGradient(weights[weight]!, dz, rows, addsTo(frame, input), dx);
    },
  };
}
