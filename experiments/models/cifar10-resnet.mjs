import { firstWeights } from "./first-weights.mjs";

/**
 * The thesis' residual network for CIFAR-10, "big_resnet" of its code: a convolution of 7 × 7 pixels and pooling, six
 * blocks of two convolutions, the mean of all places. With `width` 64 it is theirs.
 */
export const resnet =
  (width) =>
  ({ tf, seed, sampleShape, classes }) => {
    const { layers } = tf;
    const first = firstWeights(tf, seed);
    const convolved = (x, filters, kernelSize, strides) => {
      const { kernelInitializer } = first(kernelSize * kernelSize * x.shape.at(-1));
      const options = { filters, kernelSize, strides, padding: "same", useBias: false, kernelInitializer };
      return layers.batchNormalization().apply(layers.conv2d(options).apply(x));
    };
    const relu = (x) => layers.reLU().apply(x);
    const block = (x, filters, strides) => {
      const inner = convolved(relu(convolved(x, filters, 3, strides)), filters, 3, 1);
      const outer = strides === 1 ? x : convolved(x, filters, 1, strides);
      return relu(layers.add().apply([inner, outer]));
    };
    const image = tf.input({ shape: sampleShape });
    let x = relu(convolved(image, width, 7, 2));
    x = layers.maxPooling2d({ poolSize: 3, strides: 2, padding: "same" }).apply(x);
    for (const [filters, strides] of [1, 1, 2, 2, 4, 4].map((f, i) => [
      f * width,
      i === 2 || i === 4 ? 2 : 1,
    ]))
      x = block(x, filters, strides);
    const mean = layers.globalAveragePooling2d({}).apply(x);
    return tf.model({
      inputs: image,
      outputs: layers.dense({ units: classes, ...first(4 * width) }).apply(mean),
    });
  };

export const createModel = resnet(64);
