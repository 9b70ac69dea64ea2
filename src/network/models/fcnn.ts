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
 * Glorot uniform kernels and zero biases, Keras' default, but from the run's own generator, so that a seed gives the
 * same θ with every backend.
 */
function initialise(layer: tf.layers.Layer, fanIn: number, random: Random): void {
  const [kernel, bias] = layer.getWeights();
  const fanOut = kernel!.shape[1]!;
  const limit = Math.sqrt(6 / (fanIn + fanOut));
  const values = Float32Array.from({ length: fanIn * fanOut }, () => limit * (2 * random.uniform() - 1));
  const fresh = tf.tensor2d(values, [fanIn, fanOut]);
  layer.setWeights([fresh, bias!]);
  fresh.dispose();
}
