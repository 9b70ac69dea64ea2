import { tf } from "../compute/tensorflow.js";
import type { TensorSlot } from "../decomposition/decomposition.js";
import { UsageError } from "../errors.js";

/** How a model's trainable tensors lie in θ: one after another, in the model's own order (ALGORITHMS §0). */
export interface ParameterLayout {
  readonly slots: readonly TensorSlot[];
  /** n */
  readonly dimension: number;
}

/** The layout of `model`, and its trainable variables in the same order. */
export function layoutOf(model: tf.LayersModel): { layout: ParameterLayout; variables: tf.Variable[] } {
  const slots: TensorSlot[] = [];
  const variables: tf.Variable[] = [];
  let offset = 0;
  model.layers.forEach((layer, position) => {
    for (const weight of layer.trainableWeights) {
      const variable = weight.read();
      if (!isVariable(variable)) throw new TypeError(`${weight.name} is not a variable.`);
      if (variables.includes(variable)) continue; // a layer used twice
      if (variable.dtype !== "float32") {
        throw new UsageError(
          `Expected float32 parameters, got ${variable.dtype} in ${weight.name} of the model.`,
        );
      }
      slots.push({ name: weight.name, shape: variable.shape, offset, size: variable.size, layer: position });
      variables.push(variable);
      offset += variable.size;
    }
  });
  if (offset === 0)
    throw new UsageError(`Expected a model with trainable parameters, got none in "${model.name}".`);
  return { layout: { slots, dimension: offset }, variables };
}

/** Whether a layer's weight can be written. */
export function isVariable(tensor: tf.Tensor): tensor is tf.Variable {
  return tensor instanceof tf.Variable;
}
