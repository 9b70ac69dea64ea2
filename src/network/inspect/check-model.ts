import type { tf } from "../../compute/tensorflow.js";
import { UsageError } from "../../errors.js";
import { checkDeclared } from "./declared.js";
import { checkLayers } from "./layers.js";

/**
 * Checks that a model can be trained as it declares: nothing that it says of its training would be left out in
 * silence. A model of another copy of TensorFlow.js is told as well.
 * @param source where the model comes from, for people: a path, or "the model given"
 * @throws UsageError naming the layer, and what to do
 */
export function checkModel(model: unknown, source: string): asserts model is tf.LayersModel {
  checkKind(model, source);
  checkDeclared(model.toJSON(null, false), source);
  checkLayers(model, source);
  if (model.trainableWeights.length === 0) {
    throw new UsageError(`Expected a model with trainable parameters, got none in ${source}.`);
  }
}

/** Told by what it has: classes of another copy of TensorFlow.js are others. */
function checkKind(model: unknown, source: string): asserts model is tf.LayersModel {
  const { layers, outputs, toJSON, executor, executeAsync } = (model ?? {}) as Record<string, unknown>;
  if (Array.isArray(layers) && Array.isArray(outputs) && typeof toJSON === "function") {
    if (layers.length > 0) return;
    throw new UsageError(`Expected a model with layers, got an empty one from ${source}.`);
  }
  const isGraph = executor !== undefined || executeAsync !== undefined;
  const got = isGraph ? "a GraphModel, whose weights cannot be trained" : kindOf(model);
  throw new UsageError(
    `Expected a LayersModel (tf.sequential, tf.model, tf.loadLayersModel), got ${got} from ${source}.`,
  );
}

function kindOf(value: unknown): string {
  if (typeof value !== "object" || value === null) return value === null ? "null" : typeof value;
  const { name } = (value as { constructor: { name: string } }).constructor;
  return name === "Object" ? "an object that is none" : name;
}
