import { tf } from "../../compute/tensorflow.js";
import type { Random } from "../../random.js";
import { firstValues, noteValues } from "../hollow.js";

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

/** Weight `index` of the layer normal with this deviation; the others stay. */
export function normalWeight(layer: tf.layers.Layer, index: number, deviation: number, random: Random): void {
  const { size } = layer.getWeights()[index]!;
  const values = firstValues(layer.name, size, () => random.normal(0, deviation));
  setValues(layer, [...Array.from({ length: index }, () => undefined), values]);
}

/** The layer's weights by their order; those of which nothing is given stay. */
export function setValues(layer: tf.layers.Layer, values: readonly (Float32Array | undefined)[]): void {
  if (noteValues(layer.name, values)) return;
  const old = layer.getWeights();
  const fresh = old.map((weight, i) => {
    const given = values[i];
    return given === undefined ? weight.clone() : tf.tensor(given, weight.shape);
  });
  layer.setWeights(fresh);
  tf.dispose(fresh);
}

/** The numbers that one unit adds up. */
function fanIn(layer: tf.layers.Layer): number {
  return layer
    .getWeights()[0]!
    .shape.slice(0, -1)
    .reduce((a, b) => a * b, 1);
}

function fill(layer: tf.layers.Layer, draw: () => number): void {
  setValues(
    layer,
    layer.getWeights().map(({ size }) => firstValues(layer.name, size, draw)),
  );
}
