import { firstWeights } from "./first-weights.mjs";

/**
 * The thesis' network for MNIST, "simple_cnn" of its code: three convolutions with batch normalisation and pooling, then
 * dense layers with dropout. With `width` 32 it is theirs.
 */
export const cnn =
  (width) =>
  ({ tf, seed, sampleShape, classes }) => {
    const { layers } = tf;
    const first = firstWeights(tf, seed);
    const model = tf.sequential();
    let [size, channels] = [sampleShape[0], sampleShape[2]];
    for (const filters of [width, 2 * width, 4 * width]) {
      const shape = model.layers.length === 0 ? { inputShape: sampleShape } : {};
      model.add(layers.conv2d({ filters, kernelSize: 3, padding: "same", ...first(9 * channels), ...shape }));
      model.add(layers.batchNormalization());
      model.add(layers.reLU());
      model.add(layers.maxPooling2d({ poolSize: 2 }));
      [size, channels] = [Math.floor(size / 2), filters];
    }
    model.add(layers.flatten());
    model.add(layers.dense({ units: 8 * width, activation: "relu", ...first(size * size * channels) }));
    model.add(layers.dropout({ rate: 0.5 }));
    model.add(layers.dense({ units: classes, ...first(8 * width) }));
    return model;
  };

export const createModel = cnn(32);
