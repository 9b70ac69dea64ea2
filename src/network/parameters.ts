import { tf } from "../compute/tensorflow.js";
import { UsageError } from "../errors.js";
import type { ParameterLayout, TensorSlot } from "./layout.js";

/** The layout of `model`, and its trainable variables in the same order. */
export function layoutOf(model: tf.LayersModel): { layout: ParameterLayout; variables: tf.Variable[] } {
  const { slots, tensors } = tensorsOf(model);
  const variables = tensors.map((tensor, i) => {
    if (!isVariable(tensor)) throw new TypeError(`${slots[i]!.name} is not a variable.`);
    return tensor;
  });
  const dimension = slots.reduce((sum, { size }) => sum + size, 0);
  if (dimension === 0)
    throw new UsageError(`Expected a model with trainable parameters, got none in "${model.name}".`);
  return { layout: { slots, dimension }, variables };
}

/** The trainable tensors of `model`, which may be of another copy of TensorFlow.js, and their places in θ. */
export function tensorsOf(model: tf.LayersModel): { slots: TensorSlot[]; tensors: tf.Tensor[] } {
  const slots: TensorSlot[] = [];
  const tensors: tf.Tensor[] = [];
  let offset = 0;
  model.layers.forEach((layer, position) => {
    for (const weight of layer.trainableWeights) {
      const tensor = weight.read();
      if (tensors.includes(tensor)) continue; // a layer used twice
      if (tensor.dtype !== "float32") {
        throw new UsageError(
          `Expected float32 parameters, got ${tensor.dtype} in ${weight.name} of the model.`,
        );
      }
      slots.push({
        name: weight.name,
        shape: tensor.shape,
        offset,
        size: tensor.size,
        layer: position,
        ...(layer.getClassName() === "Embedding" && { isEmbedding: true }),
      });
      tensors.push(tensor);
      offset += tensor.size;
    }
  });
  return { slots, tensors };
}

/** Whether a layer's weight can be written. */
export function isVariable(tensor: tf.Tensor): tensor is tf.Variable {
  return tensor instanceof tf.Variable;
}
