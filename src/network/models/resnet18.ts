import { tf } from "../../compute/tensorflow.js";
import type { Random } from "../../random.js";
import { normalByFanOut, uniformByFanIn } from "./initialise.js";

type Tensor = tf.SymbolicTensor;

/**
 * How images enter: `imagenet` as torchvision has it (7 × 7 with stride 2, then 3 × 3 max pooling with stride 2),
 * `cifar` one 3 × 3 convolution at full size, for images of 32 pixels.
 */
export type Stem = "imagenet" | "cifar";

/**
 * ResNet-18 (He et al., CVPR 2016) exactly as torchvision defines it: four stages of two basic blocks, 62 trainable
 * tensors, 11,689,512 parameters with 1000 classes. Padding is symmetric, as PyTorch's, also where strides are 2.
 * (batch, height, width, in) → 64 → 64 → 128 → 256 → 512 channels → mean → (batch, classes)
 */
export function resnet18(
  sampleShape: readonly number[],
  classes: number,
  stem: Stem,
  random: Random,
): tf.LayersModel {
  const input = tf.input({ shape: [...sampleShape], name: "image" });
  let x =
    stem === "imagenet"
      ? imagenetStem(input)
      : relu(normalise(convolve(input, 64, 3, 1, "conv1"), "bn1"), "relu1");
  for (const [i, channels] of [64, 128, 256, 512].entries()) {
    x = basicBlock(x, channels, i === 0 ? 1 : 2, `layer${i + 1}_0`);
    x = basicBlock(x, channels, 1, `layer${i + 1}_1`);
  }
  const mean = tf.layers.globalAveragePooling2d({ name: "avgpool", dataFormat: "channelsLast" }).apply(x);
  const logits = tf.layers
    .dense({ units: classes, name: "fc", kernelInitializer: "zeros" })
    .apply(mean) as Tensor;
  const model = tf.model({ inputs: input, outputs: logits, name: "resnet18" });
  for (const layer of model.layers) {
    if (layer.getClassName() === "Conv2D") normalByFanOut(layer, random);
    if (layer.getClassName() === "Dense") uniformByFanIn(layer, random);
  }
  return model;
}

function imagenetStem(input: Tensor): Tensor {
  const x = relu(normalise(convolve(input, 64, 7, 2, "conv1"), "bn1"), "relu1");
  const padded = tf.layers.zeroPadding2d({ padding: 1, name: "maxpool_pad" }).apply(x);
  return tf.layers.maxPooling2d({ poolSize: 3, strides: 2, name: "maxpool" }).apply(padded) as Tensor;
}

/** ReLU(F(x) + x), F two convolutions; x through a 1 × 1 convolution where its shape changes. */
function basicBlock(x: Tensor, channels: number, stride: number, name: string): Tensor {
  const first = relu(
    normalise(convolve(x, channels, 3, stride, `${name}_conv1`), `${name}_bn1`),
    `${name}_relu1`,
  );
  const second = normalise(convolve(first, channels, 3, 1, `${name}_conv2`), `${name}_bn2`);
  const same = stride === 1 && x.shape.at(-1) === channels;
  const shortcut = same
    ? x
    : normalise(convolve(x, channels, 1, stride, `${name}_downsample`), `${name}_downsample_bn`);
  const sum = tf.layers.add({ name: `${name}_add` }).apply([second, shortcut]) as Tensor;
  return relu(sum, `${name}_relu2`);
}

/** A convolution with (size − 1)/2 pixels of padding on every side and no bias. */
function convolve(x: Tensor, filters: number, size: number, stride: number, name: string): Tensor {
  const border = (size - 1) / 2;
  const symmetric = stride === 1; // "same" is symmetric then
  const padded =
    symmetric || border === 0
      ? x
      : (tf.layers.zeroPadding2d({ padding: border, name: `${name}_pad` }).apply(x) as Tensor);
  return tf.layers
    .conv2d({
      name,
      filters,
      kernelSize: size,
      strides: stride,
      padding: symmetric ? "same" : "valid",
      useBias: false,
      kernelInitializer: "zeros",
    })
    .apply(padded) as Tensor;
}

function normalise(x: Tensor, name: string): Tensor {
  return tf.layers.batchNormalization({ name, epsilon: 1e-5, momentum: 0.9 }).apply(x) as Tensor;
}

function relu(x: Tensor, name: string): Tensor {
  return tf.layers.reLU({ name }).apply(x) as Tensor;
}
