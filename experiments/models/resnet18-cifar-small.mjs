import { firstWeights } from "./first-weights.mjs";
import { residual } from "./residual.mjs";

/**
 * ResNet-18 for images of 32 pixels, as `--model resnet18-cifar` has it, an eighth as wide:
 * (batch, 32, 32, 3) → 8 → 8 → 16 → 32 → 64 channels → mean → (batch, classes)
 */
export function createModel({ tf, seed, sampleShape, classes }) {
  const { layers } = tf;
  const he = { scale: 2, mode: "fanOut", distribution: "normal" };
  let drawn = 0;
  const { convolved, relu, block } = residual(
    tf,
    () => tf.initializers.varianceScaling({ ...he, seed: 1000 * (seed + 1) + drawn++ }),
    { epsilon: 1e-5, momentum: 0.9 },
  );
  const image = tf.input({ shape: sampleShape });
  let x = relu(convolved(image, 8, 3, 1));
  for (const filters of [8, 16, 32, 64]) {
    x = block(x, filters, filters === 8 ? 1 : 2);
    x = block(x, filters, 1);
  }
  const mean = layers.globalAveragePooling2d({}).apply(x);
  const classify = layers.dense({ units: classes, ...firstWeights(tf, seed)(64) });
  return tf.model({ inputs: image, outputs: classify.apply(mean) });
}
