import { tf } from "../../compute/tensorflow.js";
import type { Random } from "../../random.js";
import { uniformByFanIn } from "./initialise.js";

/**
 * The fully connected network of the papers: dense layers with ReLU, logits at the end.
 * (batch, ...sampleShape) → flatten, where samples are not vectors → hidden[0] → … → (batch, classes)
 */
export function fcnn(
  sampleShape: readonly number[],
  classes: number,
  hidden: readonly number[],
  random: Random,
): tf.LayersModel {
  const model = tf.sequential({ name: "fcnn" });
  const inputShape = [...sampleShape];
  // TensorFlow.js flattens nothing that is flat.
  if (sampleShape.length > 1) model.add(tf.layers.flatten({ inputShape, name: "flatten" }));
  else model.add(tf.layers.inputLayer({ inputShape, name: "input" }));
  addDenseLayers(model, hidden, classes);
  for (const layer of model.layers) if (layer.getWeights().length > 0) uniformByFanIn(layer, random);
  return model;
}

/** hidden[0] → … → logits, with zero weights. */
export function addDenseLayers(model: tf.Sequential, hidden: readonly number[], classes: number): void {
  const kernelInitializer = "zeros";
  hidden.forEach((units, i) => {
    model.add(tf.layers.dense({ name: `dense_${i + 1}`, units, activation: "relu", kernelInitializer }));
  });
  model.add(tf.layers.dense({ name: "logits", units: classes, kernelInitializer }));
}
