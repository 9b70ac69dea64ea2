import { firstWeights } from "./first-weights.mjs";
import { residual } from "./residual.mjs";

/**
 * The thesis' residual network for CIFAR-10, "big_resnet" of its code: a convolution of 7 × 7 pixels and pooling, six
 * blocks of two convolutions, the mean of all places. With `width` 64 it is theirs.
 */
export const resnet =
  (width) =>
  ({ tf, seed, sampleShape, classes }) => {
    const { layers } = tf;
    const first = firstWeights(tf, seed);
    const { convolved, relu, block } = residual(tf, (inputs) => first(inputs).kernelInitializer);
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
