import { tf } from "../../compute/tensorflow.js";
import type { Random } from "../../data/random.js";

/**
 * The fully connected network of the papers: dense layers with ReLU, logits at the end.
 * (batch, ...sampleShape) → flatten → hidden[0] → … → (batch, classes)
 */
export function fcnn(
  sampleShape: readonly number[],
  classes: number,
  hidden: readonly number[],
  random: Random,
): tf.LayersModel {
  const inputs = sampleShape.reduce((a, b) => a * b, 1);
  const widths = [inputs, ...hidden, classes];
  const model = tf.sequential({ name: "fcnn" });
  model.add(tf.layers.flatten({ inputShape: [...sampleShape], name: "flatten" }));
  for (let layer = 1; layer < widths.length; layer++) {
    const last = layer === widths.length - 1;
    model.add(
      tf.layers.dense({
        name: last ? "logits" : `dense_${layer}`,
        units: widths[layer]!,
        activation: last ? "linear" : "relu",
        kernelInitializer: "zeros",
      }),
    );
  }
  for (const [layer, fanIn] of widths.slice(0, -1).entries())
    initialise(model.layers[layer + 1]!, fanIn, random);
  return model;
}

/**
 * Kernels and biases uniform in ±1/√fanIn, as the figures of the literature were made (PyTorch's default; Keras'
 * Glorot kernels start a wide first layer twice as large and train slower), from the run's own generator, so that a
 * seed gives the same θ with every backend.
 */
function initialise(layer: tf.layers.Layer, fanIn: number, random: Random): void {
  const limit = 1 / Math.sqrt(fanIn);
  const fresh = layer.getWeights().map((weight) => {
    const values = Float32Array.from({ length: weight.size }, () => random.uniform(-limit, limit));
    return tf.tensor(values, weight.shape);
  });
  layer.setWeights(fresh);
  tf.dispose(fresh);
}
