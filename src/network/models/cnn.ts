import { tf } from "../../compute/tensorflow.js";
import type { Random } from "../../random.js";
import { addDenseLayers } from "./fcnn.js";
import { uniformByFanIn } from "./initialise.js";

/**
 * A small convolutional network: 3 × 3 convolutions with ReLU, each followed by 2 × 2 max pooling, then dense layers.
 * (batch, height, width, in) → channels[0] → … → flatten → hidden[0] → … → (batch, classes)
 */
export function cnn(
  sampleShape: readonly number[],
  classes: number,
  channels: readonly number[],
  hidden: readonly number[],
  random: Random,
): tf.LayersModel {
  const model = tf.sequential({ name: "cnn" });
  channels.forEach((filters, i) => {
    model.add(
      tf.layers.conv2d({
        name: `conv_${i + 1}`,
        filters,
        kernelSize: 3,
        padding: "same",
        activation: "relu",
        kernelInitializer: "zeros",
        ...(i === 0 ? { inputShape: [...sampleShape] } : {}),
      }),
    );
    model.add(tf.layers.maxPooling2d({ name: `pool_${i + 1}`, poolSize: 2, padding: "same" }));
  });
  model.add(tf.layers.flatten({ name: "flatten" }));
  addDenseLayers(model, hidden, classes);
  for (const layer of model.layers) if (layer.getWeights().length > 0) uniformByFanIn(layer, random);
  return model;
}
