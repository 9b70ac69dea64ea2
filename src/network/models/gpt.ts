import { tf } from "../../compute/tensorflow.js";
import { UsageError } from "../../errors.js";
import type { Random } from "../../random.js";
import { normalWeight, setValues } from "./initialise.js";

type Tensor = tf.SymbolicTensor;

/** The sizes of a transformer. */
export interface GptShape {
  readonly layers: number;
  /** Heads of attention in each layer; they divide `width`. */
  readonly heads: number;
  /** Numbers that stand for a token between layers. */
  readonly width: number;
}

/** What a masked score gets added: its exponential is 0 in float32 beside any other. */
const MASKED = -1e9;

/** The deviation of GPT-2's first weights. */
const DEVIATION = 0.02;

/**
 * A decoder-only transformer as GPT-2 has it (Radford et al. 2019: learned positions, normalisation before each part,
 * GELU), of layers that every TensorFlow.js knows: a head is three dense layers and two products; positions and the
 * causal mask are depthwise convolutions of one pixel, whose bias is theirs.
 * (batch, block) tokens as numbers from 0 to vocabulary − 1 → (batch, block, vocabulary) logits of each next token
 */
export function gpt(
  block: number,
  vocabulary: number,
  { layers, heads, width }: GptShape,
  random: Random,
): tf.LayersModel {
  if (width % heads !== 0)
    throw new UsageError(`Expected --width to be a multiple of --heads (${heads}), got ${width}.`);
  const input = tf.input({ shape: [block], name: "tokens" });
  let x = apply(
    tf.layers.embedding({ name: "embedding", inputDim: vocabulary, outputDim: width, ...ZEROS }),
    input,
  );
  x = pixelwise(x, tf.layers.depthwiseConv2d({ name: "positions", ...PIXEL }), "positions");
  const mask = causalMask();
  for (let i = 1; i <= layers; i++) {
    const name = `layer_${i}`;
    x = add(x, attention(normalise(x, `${name}_norm1`), heads, mask, name), `${name}_add1`);
    const inner = dense(normalise(x, `${name}_norm2`), 4 * width, `${name}_mlp`, "gelu");
    x = add(x, dense(inner, width, `${name}_mlp_out`), `${name}_add2`);
  }
  const logits = dense(normalise(x, "norm"), vocabulary, "logits");
  const model = tf.model({ inputs: input, outputs: logits, name: "gpt" });
  initialise(model, layers, maskValues(block, width / heads), random);
  return model;
}

/** softmax(QKᵀ/√d + mask) V of each head, side by side, then a dense layer: (block, width) → (block, width). */
function attention(x: Tensor, heads: number, mask: tf.layers.Layer, name: string): Tensor {
  const width = x.shape.at(-1)!;
  const results = Array.from({ length: heads }, (_, i) => {
    const head = `${name}_head_${i + 1}`;
    const part = (role: string) => dense(x, width / heads, `${head}_${role}`);
    const scores = tf.layers
      .dot({ axes: [2, 2], name: `${head}_scores` })
      .apply([part("query"), part("key")]);
    const masked = pixelwise(scores as Tensor, mask, `${head}_masked`);
    const weights = apply(tf.layers.softmax({ axis: -1, name: `${head}_softmax` }), masked);
    return tf.layers.dot({ axes: [2, 1], name: `${head}_mix` }).apply([weights, part("value")]) as Tensor;
  });
  const concatenation = tf.layers.concatenate({ name: `${name}_heads` });
  const all = results.length === 1 ? results[0]! : (concatenation.apply(results) as Tensor);
  return dense(all, width, `${name}_projection`);
}

/** A depthwise convolution of one pixel with a bias, as the images (1, 1, n) are that it gets. */
const PIXEL = { kernelSize: 1, depthwiseInitializer: "ones", biasInitializer: "zeros" } as const;
const ZEROS = { embeddingsInitializer: "zeros" } as const;

/** A factor and a bias for each number of a sample: (a, b) → (a, b). */
function pixelwise(x: Tensor, layer: tf.layers.Layer, name: string): Tensor {
  const [, a, b] = x.shape as [null, number, number];
  const image = apply(tf.layers.reshape({ targetShape: [1, 1, a * b], name: `${name}_flat` }), x);
  return apply(tf.layers.reshape({ targetShape: [a, b], name: `${name}_matrix` }), apply(layer, image));
}

/** One for all heads: none of it is trained. */
function causalMask(): tf.layers.Layer {
  return tf.layers.depthwiseConv2d({ name: "causal_mask", ...PIXEL, trainable: false });
}

/** Scores by 1/√size, and out of reach where a token would see later ones: factors and biases of (block, block). */
function maskValues(block: number, size: number): Float32Array[] {
  const isLater = (i: number) => i % block > Math.floor(i / block);
  return [
    new Float32Array(block * block).fill(1 / Math.sqrt(size)),
    Float32Array.from({ length: block * block }, (_, i) => (isLater(i) ? MASKED : 0)),
  ];
}

function normalise(x: Tensor, name: string): Tensor {
  return apply(tf.layers.layerNormalization({ name, epsilon: 1e-5 }), x);
}

function dense(x: Tensor, units: number, name: string, activation: "linear" | "gelu" = "linear"): Tensor {
  const config = { units, name, activation, kernelInitializer: "zeros" as const };
  // The activations that TensorFlow.js knows are more than its type names.
  return apply(tf.layers.dense(config), x);
}

function add(x: Tensor, y: Tensor, name: string): Tensor {
  return tf.layers.add({ name }).apply([x, y]) as Tensor;
}

function apply(layer: tf.layers.Layer, x: Tensor): Tensor {
  return layer.apply(x) as Tensor;
}

/** GPT-2's: what a layer adds to its input starts smaller the more layers there are. */
function initialise(model: tf.LayersModel, layers: number, mask: Float32Array[], random: Random): void {
  for (const layer of model.layers) {
    const { name } = layer;
    const kind = layer.getClassName();
    if (name === "causal_mask") setValues(layer, mask);
    else if (kind === "DepthwiseConv2D") normalWeight(layer, 1, DEVIATION, random.fork(name));
    else if (kind === "Dense" || kind === "Embedding") {
      const adds = /_(projection|mlp_out)$/.test(name);
      normalWeight(layer, 0, DEVIATION / (adds ? Math.sqrt(2 * layers) : 1), random.fork(name));
    }
  }
}
