import type { tf } from "../../compute/tensorflow.js";
import type { Normalisation } from "../../data/dataset.js";
import type { Vector } from "../../linalg/vector.js";
import { usesOf } from "../inspect/graph.js";
import { layoutOf } from "../parameters.js";
import { inputReaders } from "./readers.js";

/**
 * Digits of float32 (of 24 binary ones, 8) that folding may cost. z = Σ W (x − μ)/σ becomes Σ (W/σ) x + const: terms
 * larger by up to |μ|/σ, whose rounding errors stay when they cancel.
 */
const MOST_OFFSET = 2 ** 8;

/** Layers that add a weighted sum of their inputs' last axis to a bias; of convolutions, where nothing is padded. */
const FOLDING = new Set(["Dense", "Conv1D", "Conv2D", "Conv3D"]);

/** The first layer of a model, into whose weights the standardisation of inputs can be folded. */
export interface FoldingLayer {
  readonly name: string;
  /** Where kernel (…, inputs, units) and bias (units) lie in θ. */
  readonly kernel: { readonly offset: number; readonly size: number };
  readonly bias: { readonly offset: number; readonly size: number };
  /** The kernel's second last size. */
  readonly inputs: number;
}

/** The layer, or why there is none, as the end of a sentence. */
export function foldingLayer(model: tf.LayersModel, channels: number): FoldingLayer | string {
  const readers = inputReaders(model, keepsOrder);
  const [layer] = readers;
  if (layer === undefined || readers.length > 1) return "several layers read the input";
  const named = `"${layer.name}", the layer that reads the input,`;
  if (!FOLDING.has(layer.getClassName())) return `${named} is neither dense nor a convolution`;
  const { padding, kernelSize, dataFormat } = layer.getConfig() as Record<string, unknown>;
  const pads = padding !== undefined && padding !== "valid" && (kernelSize as number[]).some((k) => k > 1);
  if (pads) return `${named} pads it with zeros, which stay what they are`;
  if (dataFormat === "channelsFirst") return `${named} has its channels first`;
  if (usesOf(model, layer) > 1) return `${named} is used more than once`;
  const [kernel, bias] = layer.weights.map((weight) => weight.read());
  if (bias === undefined) return `${named} has no bias`;
  const { layout, variables } = layoutOf(model);
  const [kernelSlot, biasSlot] = [kernel, bias].map(
    (variable) => layout.slots[variables.findIndex((other) => other === variable)],
  );
  if (!kernelSlot || !biasSlot) return `${named} is not trained`;
  const inputs = kernelSlot.shape.at(-2)!;
  if (inputs % channels !== 0) return `${named} mixes channels that are scaled differently`;
  return { name: layer.name, kernel: kernelSlot, bias: biasSlot, inputs };
}

/** Why folding would lose too many digits, or undefined. */
export function foldingLoss({ mean, deviation }: Normalisation): string | undefined {
  const far = mean.findIndex((value, channel) => Math.abs(value) / deviation[channel]! > MOST_OFFSET);
  if (far < 0) return undefined;
  const shown = [mean[far]!, deviation[far]!].map((value) => Number(value.toPrecision(3)));
  return `${mean.length > 1 ? `channel ${far} of ` : ""}the inputs has a mean of ${shown[0]!} and a deviation of ${shown[1]!}, so that float32 would lose too many digits`;
}

/**
 * What `use` makes of θ with (x − mean) / deviation done by the layer: what θ is on standardised inputs, that is on those as they
 * are. It has to read θ at once: then θ is what it was, and no second vector as long is needed.
 */
export function withFolded<T>(
  theta: Vector,
  layer: FoldingLayer,
  normalisation: Normalisation,
  use: (theta: Vector) => T,
): T {
  const [kernel, bias] = [layer.kernel, layer.bias].map(({ offset, size }) =>
    theta.subarray(offset, offset + size),
  ) as [Vector, Vector];
  const [kernelWas, biasWas] = [kernel.slice(), bias.slice()];
  fold(kernel, bias, layer.inputs, normalisation);
  try {
    return use(theta);
  } finally {
    kernel.set(kernelWas);
    bias.set(biasWas);
  }
}

/** @param kernel (…, inputs, units) @param bias (units,) */
function fold(kernel: Vector, bias: Vector, inputs: number, { mean, deviation }: Normalisation): void {
  const units = bias.length;
  const sums = Float64Array.from(bias);
  for (let row = 0; row < kernel.length / units; row++) {
    const channel = (row % inputs) % mean.length;
    const at = row * units;
    for (let unit = 0; unit < units; unit++) {
      kernel[at + unit]! /= deviation[channel]!;
      // Of the weight as it was rounded: its error then multiplies x − μ, not x.
      sums[unit]! -= kernel[at + unit]! * mean[channel]!;
    }
  }
  bias.set(sums);
}

/** Layers that pass the values on, all of them and in their order in memory. */
function keepsOrder(layer: tf.layers.Layer): boolean {
  const channelsFirst = layer.getConfig()["dataFormat"] === "channelsFirst";
  return ["Flatten", "Reshape"].includes(layer.getClassName()) && !channelsFirst;
}
