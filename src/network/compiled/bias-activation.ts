import { activations, type ActivationName } from "../../compute/wasm/kernels.js";
import type { Block, Frame, Units } from "./operation.js";

/** The end of a layer that is linear otherwise: y = f(z + b), in place. */
export interface BiasAndActivation {
  /** values[own], which holds z, becomes y: `count` rows, these units of each. */
  forward(block: Block, count: number, units: Units): void;
  /** gradients[own], which holds dy, becomes dz = dy · f′; the bias gets its gradient for these units. */
  backward(frame: Frame, count: number, units: Units): void;
  /** See Operation. */
  readonly fuse: (activation: ActivationName) => boolean;
}

export function biasAndActivation(
  own: number,
  bias: number | undefined,
  width: number,
  activation: ActivationName,
): BiasAndActivation {
  let kind: number = activations[activation];
  return {
    forward({ heap, values, weights }, count, { from, to }) {
      if (bias === undefined && kind === activations.linear) return;
      const b = bias === undefined ? 0 : weights[bias]! + 4 * from;
      heap.kernels.biasActivation(kind, values[own]! + 4 * from, b, count, to - from, width);
    },

    backward({ heap, values, gradients, weightGradients, accumulate }, count, { from, to }) {
      const dz = gradients[own]!;
      if (kind !== activations.linear) {
        heap.kernels.activationGradient(kind, values[own]!, dz, count * width, false, dz);
      }
      const db = bias === undefined ? 0 : weightGradients[bias]!;
      if (db !== 0) heap.kernels.sumRows(dz + 4 * from, count, to - from, width, accumulate, db + 4 * from);
    },

    fuse(next) {
      if (kind !== activations.linear) return false;
      kind = activations[next];
      return true;
    },
  };
}
