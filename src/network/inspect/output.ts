import type { tf } from "../../compute/tensorflow.js";
import { UsageError } from "../../errors.js";
import {
  inputsOf,
  isContainer,
  resolve,
  shown,
  usesOf,
  wrappedBy,
  type Container,
  type Place,
} from "./graph.js";

/** How a model ends: in logits, or in a softmax, which is then left out of the loss (its cross-entropy has one). */
export type Ending =
  | { readonly kind: "logits" }
  /** The layer is a softmax and nothing else. */
  | { readonly kind: "softmax layer"; readonly layer: tf.layers.Layer }
  /** The layer's `activation` is softmax. */
  | { readonly kind: "softmax activation"; readonly layer: tf.layers.Layer };

/** Layers that pass on the values they get. Random ones do: `checkDeclared` allows none that is not. */
const RENAMING = new Set([
  "Flatten",
  "Reshape",
  "Permute",
  "Dropout",
  "SpatialDropout1D",
  "SpatialDropout2D",
  "SpatialDropout3D",
  "GaussianNoise",
  "GaussianDropout",
  "AlphaDropout",
]);

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

/**
 * How the model ends, whatever nests, renames dimensions or wraps there.
 * @param source where the model comes from, for people
 * @throws UsageError where its outputs are neither logits nor the softmax of some
 */
export function endingOf(model: Container, source: string): Ending {
  const place = lastThatComputes(resolve({ tensor: model.outputs[0]! }));
  const layer = place.tensor.sourceLayer;
  const activation = activationOf(layer);
  if (activation !== "softmax") {
    const other = rangeOf(place);
    if (other) throw noLogits(other.activation, other.layer, source);
    return { kind: "logits" };
  }
  const classes = model.outputs[0]!.shape.at(-1);
  const kind = ["Softmax", "Activation"].includes(layer.getClassName())
    ? "softmax layer"
    : "softmax activation";
  if (!isOverClasses(place, classes)) {
    throw new UsageError(
      `Expected a softmax over the ${classes ?? "?"} classes at the end of ${source}, ` +
        `got one over an axis of (${place.tensor.shape.slice(1).join(", ")}) in ${shown(layer)}. ` +
        `Bring the classes to the last axis, alone, before the softmax.`,
    );
  }
  if (kind === "softmax activation" && !ENDS_IN_ACTIVATION.has(layer.getClassName())) {
    throw new UsageError(
      `Expected the softmax that ends ${source} to be a layer of its own or the activation of a dense or convolutional ` +
        `layer, got that of ${shown(layer)}. Make it linear there, and add a softmax layer.`,
    );
  }
  if (usesOf(model, layer) > 1) {
    throw new UsageError(
      `Expected the softmax that ends ${source} to be used once, but ${shown(layer)}, or the model it is in, is used more often. ` +
        `Add a softmax layer of its own at the end.`,
    );
  }
  return { kind, layer };
}

/** Behind layers that only rename dimensions. */
function lastThatComputes(place: Place): Place {
  let at = place;
  while (renames(at.tensor.sourceLayer)) at = inputsOf(at)[0]!;
  return at;
}

function renames(layer: tf.layers.Layer): boolean {
  const kind = layer.getClassName();
  return RENAMING.has(kind) || (kind === "Activation" && activationOf(layer) === "linear");
}

/**
 * The activation that bounds the values at `place`, if they are no logits: its layer's own or, behind layers without
 * weights (pooling, merging), that of everything these read.
 */
function rangeOf(place: Place): { activation: string; layer: tf.layers.Layer } | undefined {
  const { tensor } = lastThatComputes(place);
  const layer = tensor.sourceLayer;
  const activation = activationOf(layer);
  if (!LOGITS.has(activation)) return { activation, layer };
  if (layer.weights.length > 0 || layer.getClassName() === BILINEAR || activation !== "linear")
    return undefined;
  const inputs = inputsOf(lastThatComputes(place)).map(rangeOf);
  return inputs.every((range) => range !== undefined) ? inputs[0] : undefined;
}

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

/** Whether a softmax normalises over all that a sample has, and that is one number a class. */
function isOverClasses({ tensor }: Place, classes: number | null | undefined): boolean {
  const axis = (tensor.sourceLayer.getConfig()["axis"] ?? -1) as number;
  const isSoftmaxLayer = tensor.sourceLayer.getClassName() === "Softmax";
  const others = [...tensor.shape];
  const [size] = others.splice(
    isSoftmaxLayer && axis >= 0 ? axis : others.length + (isSoftmaxLayer ? axis : -1),
    1,
  );
  return size === classes && others.slice(1).every((other) => other === 1);
}

function noLogits(activation: string, layer: tf.layers.Layer, source: string): UsageError {
  return new UsageError(
    `Expected a model whose outputs are logits, with no activation at its end, or probabilities by softmax; ` +
      `got the activation "${activation}" of ${shown(layer)} at the end of ${source}. ` +
      `Its loss would be softmax cross-entropy: make that layer linear or softmax, with one unit for each class.`,
  );
}
