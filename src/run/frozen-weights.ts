import type { Communicator } from "../comm/index.js";
import { tf } from "../compute/tensorflow.js";
import { isVariable, tensorsOf } from "../network/parameters.js";

/**
 * Gives the weights of `model` that are not trained the values of rank 0: a user's module may draw its own on every rank, and θ,
 * which rank 0 hands out, does not hold them. Collective.
 */
export async function shareFrozenWeights(model: tf.LayersModel, comm: Communicator): Promise<void> {
  if (comm.size === 1) return;
  const trained = new Set(tensorsOf(model).tensors);
  for (const weight of model.weights) {
    const variable = weight.read();
    if (trained.has(variable) || !isVariable(variable)) continue;
    const values = await comm.broadcast(variable.dataSync().slice(), 0);
    const tensor = tf.tensor(values, variable.shape, variable.dtype);
    variable.assign(tensor);
    tensor.dispose();
  }
}
