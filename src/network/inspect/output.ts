import type { SymbolicTensor } from "@tensorflow/tfjs";
import type { tf } from "../../compute/tensorflow.js";
import { inputsOf, isContainer, resolve, usesOf, wrappedBy, type Container, type Place } from "./graph.js";
import { drawsNothing, isRandom } from "./random.js";

/** The activation that ends an output, and whether the loss can do without it. */
export type Ending =
  /** Nothing bounds the values: numbers, or logits. */
  | { readonly kind: "open" }
  /** A softmax over the last axis, or a sigmoid, that can be left out: the layer is that alone, or has it last. */
  | {
      readonly kind: "foldable";
      readonly activation: "softmax" | "sigmoid";
      readonly layer: tf.layers.Layer;
      readonly as: "layer" | "activation";
    }
  /** Bounded by another activation, or by one that cannot be left out; `because` ends "…, since". */
  | {
      readonly kind: "kept";
      readonly activation: string;
      readonly layer: tf.layers.Layer;
      readonly because?: string;
      /** A layer behind it that is random in training. */
      readonly random?: tf.layers.Layer;
    };

/** Layers that pass on the values they get. */
const RENAMING = new Set(["Flatten", "Reshape", "Permute"]);

/** Layers whose `activation` is the last thing they do. */
const ENDS_IN_ACTIVATION = new Set([
  "Dense",
  "Conv1D",
  "Conv2D",
  "Conv3D",
  "Conv2DTranspose",
  "Conv3DTranspose",
  "DepthwiseConv2D",
  "SeparableConv2D",
]);

/** Activations that are layers. */
const ACTIVATION_LAYERS: Readonly<Record<string, string>> = {
  Softmax: "softmax",
  ReLU: "relu",
  LeakyReLU: "leakyReLU",
  PReLU: "prelu",
  ELU: "elu",
  ThresholdedReLU: "thresholdedReLU",
};

/** Bilinear: its inputs' ranges say nothing of its result's. */
const BILINEAR = "Dot";

/** The ranges of these are those of logits; the softmax of logSoftmax is softmax. */
const LOGITS = new Set(["linear", "logSoftmax"]);

/** How an output of the model ends, whatever nests, renames dimensions or wraps there. */
export function endingOf(model: Container, output: SymbolicTensor): Ending {
  const place = lastThatComputes(resolve({ tensor: output }));
  const layer = place.tensor.sourceLayer;
  const activation = activationOf(layer);
  if (activation !== "softmax" && activation !== "sigmoid") {
    const other = rangeOf(place);
    return other ? { kind: "kept", ...other } : { kind: "open" };
  }
  const kept = (because: string): Ending => ({ kind: "kept", activation, layer, because });
  if (activation === "softmax" && !isOverLast(place, output)) {
    return kept(
      `it is over an axis of (${place.tensor.shape.slice(1).join(", ")}), not over the ${output.shape.at(-1) ?? "?"} classes, alone in the last axis`,
    );
  }
  const as = ["Softmax", "Activation"].includes(layer.getClassName()) ? "layer" : "activation";
  if (as === "activation" && !ENDS_IN_ACTIVATION.has(layer.getClassName())) {
    return kept("it is neither a layer of its own nor that of a dense or convolutional layer");
  }
  if (usesOf(model, layer) > 1) return kept("its layer, or the model that is in, is used more than once");
  return { kind: "foldable", activation, layer, as };
}

/** Behind layers that only rename dimensions. */
function lastThatComputes(place: Place): Place {
  let at = place;
  while (renames(at.tensor.sourceLayer)) at = inputsOf(at)[0]!;
  return at;
}

function renames(layer: tf.layers.Layer): boolean {
  const kind = layer.getClassName();
  return (
    RENAMING.has(kind) || drawsNothing(layer) || (kind === "Activation" && activationOf(layer) === "linear")
  );
}

/**
 * The activation that bounds the values at `place`, if they are no logits: its layer's own or, behind layers without
 * weights (pooling, merging), that of everything these read.
 */
function rangeOf(place: Place): Range | undefined {
  const { tensor } = lastThatComputes(place);
  const layer = tensor.sourceLayer;
  const activation = activationOf(layer);
  if (!LOGITS.has(activation)) return { activation, layer };
  if (layer.weights.length > 0 || layer.getClassName() === BILINEAR || activation !== "linear")
    return undefined;
  const inputs = inputsOf(lastThatComputes(place)).map(rangeOf);
  if (inputs[0] === undefined || inputs.includes(undefined)) return undefined;
  return isRandom(layer) ? { ...inputs[0], random: layer } : inputs[0];
}

type Range = Pick<Extract<Ending, { kind: "kept" }>, "activation" | "layer" | "random">;

/** The name of what a layer does to its results last; "linear" where that is nothing. */
function activationOf(layer: tf.layers.Layer): string {
  const kind = layer.getClassName();
  if (kind in ACTIVATION_LAYERS) return ACTIVATION_LAYERS[kind]!;
  const inner = wrappedBy(layer)[0];
  if (inner) {
    return activationOf(
      isContainer(inner) ? resolve({ tensor: inner.outputs[0]! }).tensor.sourceLayer : inner,
    );
  }
  const { activation, cell } = layer.getConfig() as { activation?: unknown; cell?: unknown };
  const own = activation ?? (cell as { config?: { activation?: unknown } } | undefined)?.config?.activation;
  return own == null ? "linear" : typeof own === "string" ? own : JSON.stringify(own);
}

/** Whether a softmax normalises over the last axis of the output, or over all that a sample has where it is renamed. */
function isOverLast({ tensor }: Place, output: SymbolicTensor): boolean {
  const axis = (tensor.sourceLayer.getConfig()["axis"] ?? -1) as number;
  const isSoftmaxLayer = tensor.sourceLayer.getClassName() === "Softmax";
  const at = !isSoftmaxLayer || axis === -1 ? tensor.shape.length - 1 : axis;
  if (at === tensor.shape.length - 1 && String(tensor.shape) === String(output.shape)) return true;
  const others = [...tensor.shape];
  const [size] = others.splice(at, 1);
  return size === output.shape.at(-1) && others.slice(1).every((other) => other === 1);
}
