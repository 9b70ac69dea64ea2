import type { tf } from "../compute/tensorflow.js";
import type { ModelSlots } from "../data/in-memory.js";
import { namesOf } from "../network/inspect/graph.js";

/** Told by what it has: another copy of TensorFlow.js has another class of the name. */
export function isModel(model: unknown): model is tf.LayersModel {
  const { layers, getWeights, setWeights, save } = (model ?? {}) as Partial<tf.LayersModel>;
  return (
    Array.isArray(layers) && [getWeights, setWeights, save].every((method) => typeof method === "function")
  );
}

/** Of a model that is given as such. */
export interface GivenSlots extends ModelSlots {
  /** Sides of a sample of the first input. */
  readonly rank: number;
}

/** The inputs and outputs of a model that is given as such; undefined where it is not built yet. */
export function slotsOf(model: unknown): GivenSlots | undefined {
  if (typeof model !== "object") return undefined;
  const { inputs, outputs } = model as Record<"inputs" | "outputs", tf.SymbolicTensor[] | undefined>;
  if (!inputs || !outputs) return undefined;
  const slots = (tensors: tf.SymbolicTensor[]) => {
    const names = namesOf(tensors);
    return tensors.map(({ shape }, i) => {
      const sample = shape.slice(1);
      return {
        name: names[i]!,
        shape: sample.every((side) => side !== null) ? sample : undefined,
      };
    });
  };
  return { inputs: slots(inputs), outputs: slots(outputs), rank: inputs[0]!.shape.length - 1 };
}
