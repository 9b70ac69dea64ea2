import { tf } from "../../compute/tensorflow.js";
import type { Random } from "../../random.js";

/** Fresh weights come from the run's own generator, so that a seed gives the same θ with every backend. */

/**
 * Kernel and bias uniform in ±1/√fanIn, as the figures of the literature were made (PyTorch's default; Keras' Glorot
 * kernels start a wide first layer twice as large and train slower).
 */
export function uniformByFanIn(layer: tf.layers.Layer, random: Random): void {
  const limit = 1 / Math.sqrt(fanIn(layer));
  fill(layer, () => random.uniform(-limit, limit));
}

/** Kernel normal with variance 2/fanOut, for layers that ReLU follows (He et al., ICCV 2015), without a bias. */
export function normalByFanOut(layer: tf.layers.Layer, random: Random): void {
  const [height, width, , outChannels] = layer.getWeights()[0]!.shape as [number, number, number, number];
  const deviation = Math.sqrt(2 / (height * width * outChannels));
  fill(layer, () => random.normal(0, deviation));
}

/** The numbers that one unit adds up. */
function fanIn(layer: tf.layers.Layer): number {
  return layer
    .getWeights()[0]!
    .shape.slice(0, -1)
    .reduce((a, b) => a * b, 1);
}

function fill(layer: tf.layers.Layer, draw: () => number): void {
  const fresh = layer
    .getWeights()
    .map((weight) => tf.tensor(Float32Array.from({ length: weight.size }, draw), weight.shape));
  layer.setWeights(fresh);
  tf.dispose(fresh);
}
