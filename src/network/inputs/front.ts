import type { SymbolicTensor } from "@tensorflow/tfjs";
import { tf } from "../../compute/tensorflow.js";
import type { Normalisation } from "../../data/dataset.js";

/** Layers that standardise, in front of a model. */
export interface Front {
  /** Their names. */
  readonly names: readonly string[];
  /** What they make of inputs (batch, ...sampleShape). */
  apply(x: tf.Tensor): tf.Tensor;
  /** They and `model`, as one model that shares its weights. */
  readonly model: tf.LayersModel;
}

/**
 * Standardises inputs by layers of every TensorFlow.js: two depthwise convolutions of one pixel, the first with weight 1
 * and bias −μ, the second with weight 1/σ. Apart, they are safe for every offset and on every backend: x − μ is rounded
 * once, relative to itself, where x/σ − μ/σ (one convolution, or a batch normalisation on WebGL and WebGPU) loses
 * digits. And `trainable: false` is honoured by `model.fit`, which it is not for batch normalisation.
 */
export function putInFront(
  model: tf.LayersModel,
  { mean, deviation }: Normalisation,
  sampleShape: readonly number[],
): Front {
  const input = model.inputs[0]!;
  const channels = mean.length;
  const isImage = sampleShape.length === 3;
  const open = input.shape.slice(1); // of unknown sizes; a reshape can have one
  const shape = isImage || open.filter((size) => size === null).length < 2 ? open : [...sampleShape];
  const taken = new Set(model.layers.map((layer) => layer.name));
  const free = (name: string, copy = 1): string => {
    const numbered = copy === 1 ? name : `${name}_${copy}`;
    return taken.has(numbered) ? free(name, copy + 1) : numbered;
  };
  const pixelwise = (name: string, useBias: boolean) =>
    tf.layers.depthwiseConv2d({ name: free(name), kernelSize: 1, useBias, trainable: false });
  const subtract = pixelwise("subtract_mean", true);
  const divide = pixelwise("divide_by_deviation", false);
  const reshape = (name: string, targetShape: number[]) =>
    isImage ? [] : [tf.layers.reshape({ name: free(name), targetShape })];
  const layers = [
    ...reshape("as_image", [-1, 1, channels]),
    subtract,
    divide,
    ...reshape(
      "as_sample",
      shape.map((size) => size ?? -1),
    ),
  ];
  const through = <T extends tf.Tensor | SymbolicTensor>(x: T): T =>
    layers.reduce((value, layer) => layer.apply(value) as T, x);

  const raw = tf.input({ shape, name: input.sourceLayer.name });
  const standardised = through(raw);
  const filter = [1, 1, channels, 1];
  const values = (numbers: readonly number[], shape: number[]) =>
    tf.tensor(Float32Array.from(numbers), shape);
  tf.tidy(() => {
    const ones = tf.ones(filter);
    subtract.setWeights([ones, values(mean.map((value) => -value), [channels])]); // prettier-ignore
    divide.setWeights([values(deviation.map((value) => 1 / value), filter)]); // prettier-ignore
  });

  const done = new Map<SymbolicTensor, SymbolicTensor>([[input, standardised]]);
  const again = (tensor: SymbolicTensor): SymbolicTensor => {
    const known = done.get(tensor);
    if (known !== undefined) return known;
    const inputs = tensor.inputs.map(again);
    const result = tensor.sourceLayer.apply(inputs.length === 1 ? inputs[0]! : inputs, tensor.callArgs);
    const results = Array.isArray(result) ? (result as SymbolicTensor[]) : [result as SymbolicTensor];
    const { outputTensorIndex = 0 } = tensor;
    done.set(tensor, results[outputTensorIndex]!);
    return results[outputTensorIndex]!;
  };
  return {
    names: [subtract.name, divide.name],
    apply: (x) => tf.tidy(() => through(x)),
    model: tf.model({ inputs: raw, outputs: model.outputs.map(again), name: model.name }),
  };
}
