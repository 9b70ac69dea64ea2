import { activations, type ActivationName } from "../../compute/wasm/kernels.js";
import type { Block, Frame } from "./operation.js";

/** The end of a layer that is linear otherwise: y = f(z + b), in place. */
export interface BiasAndActivation {
  /** values[own], which holds z, becomes y; `count` rows of `units`. */
  forward(block: Block, count: number): void;
  /** gradients[own], which holds dy, becomes dz = dy · f′; the bias gets its gradient. */
  backward(frame: Frame, count: number): void;
  /** See Operation. */
  readonly fuse: (activation: ActivationName) => boolean;
}

export function biasAndActivation(
  own: number,
  bias: number | undefined,
  units: number,
  activation: ActivationName,
): BiasAndActivation {
  let kind: number = activations[activation];
  return {
    forward({ heap, values, weights }, count) {
      const b = bias === undefined ? 0 : weights[bias]!;
      if (b === 0 && kind === activations.linear) return;
      heap.kernels.biasActivation(kind, values[own]!, b, count, units, units);
    },

    backward({ heap, values, gradients, weightGradients, accumulate }, count) {
      const dz = gradients[own]!;
      if (kind !== activations.linear) {
        heap.kernels.activationGradient(kind, values[own]!, dz, count * units, false, dz);
      }
      const db = bias === undefined ? 0 : weightGradients[bias]!;
      if (db !== 0) heap.kernels.sumRows(dz, count, units, accumulate, db);
    },

    fuse(next) {
      if (kind !== activations.linear) return false;
      kind = activations[next];
      return true;
    },
  };
}
