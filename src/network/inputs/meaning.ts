import type { tf } from "../../compute/tensorflow.js";
import { layersOf } from "../inspect/graph.js";
import { inputReaders } from "./readers.js";

/** What the model takes its inputs for; `because` ends the sentence "Inputs stay as they are, for …". */
export interface InputMeaning {
  readonly kind: "quantities" | "normalised by the model" | "codes";
  readonly because: string;
}

/** Layers to which an input's value is more than a quantity: another value is another thing. */
const CODES: Readonly<Record<string, string>> = {
  Embedding: "takes them as indices",
  CategoryEncoding: "takes them as categories",
  Masking: "looks for its mask value among them",
};

const NORMALISING = new Set(["BatchNormalization", "LayerNormalization", "Normalization", "Rescaling"]);

/** Layers behind which the values are still the input's, if not all of them or not in their places. */
const PASSING = new Set([
  "Flatten",
  "Reshape",
  "Permute",
  "RepeatVector",
  "ZeroPadding2D",
  "Cropping2D",
  "CenterCrop",
  "Resizing",
  "Dropout",
  "SpatialDropout1D",
  "SpatialDropout2D",
  "GaussianDropout",
  "GaussianNoise",
  "AlphaDropout",
]);

export function inputMeaning(model: tf.LayersModel): InputMeaning {
  const { dtype } = model.inputs[0]!;
  if (dtype !== "float32") return { kind: "codes", because: `the model takes ${dtype}` };
  for (const { layer } of layersOf(model)) {
    const what = CODES[layer.getClassName()];
    if (what !== undefined) return { kind: "codes", because: `"${layer.name}" of the model ${what}` };
  }
  const readers = inputReaders(model, (layer) => PASSING.has(layer.getClassName()));
  const [first] = readers;
  if (first !== undefined && readers.every((layer) => NORMALISING.has(layer.getClassName()))) {
    return { kind: "normalised by the model", because: `"${first.name}" of the model normalises them` };
  }
  return { kind: "quantities", because: "nothing in the model asks for anything else" };
}
