import type { tf } from "../../compute/tensorflow.js";
import { UsageError } from "../../errors.js";
import { isContainer, layersOf, shown, type Container } from "./graph.js";

interface DescribedLayer {
  readonly config: { trainable?: boolean; layers?: DescribedLayer[]; layer?: DescribedLayer };
}

/**
 * Writes into a topology, of `model.toJSON`, which layers are frozen by the models around them: TensorFlow.js writes
 * `trainable` of layers alone, and a nested model that is not trained would be, once it is read again.
 */
export function writeFreezing(model: Container, topology: unknown): void {
  freeze(model, topology as DescribedLayer, false);
}

function freeze(layer: tf.layers.Layer, described: DescribedLayer, isWithin: boolean): void {
  const isFrozen = isWithin || !layer.trainable;
  const { config } = described;
  if (isContainer(layer)) {
    layer.layers.forEach((inner, i) => {
      const own = config.layers?.[i];
      if (own) freeze(inner, own, isFrozen);
    });
  } else if (isFrozen) {
    config.trainable = false;
    if (config.layer) config.layer.config.trainable = false; // of a wrapper
  }
}

/**
 * Refuses what a file cannot say of a model: it would be another one when it is read again.
 * @throws UsageError
 */
export function checkPortable(model: Container, source: string): void {
  const around = new Map<tf.layers.Layer, tf.layers.Layer>();
  for (const placed of layersOf(model)) {
    const { layer } = placed;
    const container = placed.around.at(-1)!;
    const other = around.get(layer);
    if (other !== undefined && other !== container) {
      throw new UsageError(
        `Expected layers of one model each, since a file cannot say that ${shown(layer)} is shared by ${shown(other)} and ${shown(container)} of ${source}. ` +
          `Give the model as a module that exports createModel.`,
      );
    }
    around.set(layer, container);
    const trained = layer.trainableWeights.length;
    const { _trainableWeights: all } = layer as unknown as { _trainableWeights: unknown[] };
    if (layer.trainable && trained > 0 && trained < all.length) {
      throw new UsageError(
        `Expected layers that are trained or frozen as a whole, since a file cannot say more; got ${shown(layer)} of ${source}, ` +
          `of which ${trained} of ${all.length} weights are trained. Give the model as a module that exports createModel.`,
      );
    }
  }
}
