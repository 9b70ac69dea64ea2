import type { SymbolicTensor } from "@tensorflow/tfjs";
import type { tf } from "../../compute/tensorflow.js";
import { UsageError } from "../../errors.js";
import { isContainer, layersOf, shown } from "../inspect/graph.js";
import { randomPartsOf } from "../inspect/random.js";
import type { Call } from "./calls.js";

/** Where a network may be cut: in front of calls, by number. */
export interface Places {
  readonly allowed: readonly number[];
  /** @throws UsageError where the network cannot be cut behind layers of these names */
  behind(ends: readonly string[]): number[];
}

/**
 * Refuses what cannot be a part of a network in stages, wherever it is cut.
 * @throws UsageError
 */
export function checkStageable(model: tf.LayersModel, source: string): void {
  for (const { layer } of layersOf(model)) {
    const { activityRegularizer, maskZero } = layer as unknown as Record<string, unknown>;
    const [what, instead] =
      activityRegularizer != null
        ? ["an activity regulariser", "Regularise weights instead"]
        : maskZero === true || layer.getClassName() === "Masking"
          ? ["a mask, which does not cross from stage to stage", "Give samples of one length"]
          : [];
    if (what === undefined) continue;
    throw new UsageError(
      `Expected a network that can be cut in stages, got ${shown(layer)} with ${what} in ${source}. ${instead!}, or train without --stages.`,
    );
  }
}

/** What is trained is in one stage, and all outputs of the model in the last. */
export function placesToCut(model: tf.LayersModel, calls: readonly Call[], source: string): Places {
  const obstacles = obstaclesOf(model, calls);
  const allowed = calls.flatMap((_, place) => (place > 0 && obstacles[place] === undefined ? [place] : []));
  return {
    allowed,
    behind(ends) {
      const found = ends.map((name) => {
        const last = calls.findLastIndex(({ layer }) => layer.name === name);
        if (last < 0) {
          const names = [...new Set(calls.map(({ layer }) => layer.name))].join(", ");
          throw new UsageError(`Expected layers of ${source} in --cut (${names}), got "${name}".`);
        }
        const place = last + 1;
        const why = place === calls.length ? "it is the last layer" : obstacles[place];
        if (why)
          throw new UsageError(`Expected ${source} to be cut elsewhere than behind "${name}": ${why}.`);
        return place;
      });
      const unordered = found.findIndex((place, i) => i > 0 && place <= found[i - 1]!);
      if (unordered > 0) {
        throw new UsageError(
          `Expected the layers of --cut in the order in which they run, got ${ends[unordered]!} behind ${ends[unordered - 1]!}.`,
        );
      }
      return found;
    },
  };
}

/** Of every call: why the network cannot be cut in front of it, where it cannot. */
function obstaclesOf(model: tf.LayersModel, calls: readonly Call[]): (string | undefined)[] {
  const obstacles = new Array<string | undefined>(calls.length).fill(undefined);
  const forbid = (first: number, last: number, why: string) => {
    for (let place = first + 1; place <= last; place++) obstacles[place] ??= why;
  };
  const firstOutput = calls.findIndex(({ outputs }) =>
    outputs.some((output) => model.outputs.includes(output)),
  );
  const early = shown(calls[firstOutput]!.layer);
  forbid(firstOutput, calls.length - 1, `${early} makes an output, and all outputs are the last stage's`);

  const users = new Map<tf.layers.Layer, number>();
  const makers = new Map<SymbolicTensor, number>();
  calls.forEach(({ layer, inputs, outputs }, i) => {
    for (const part of partsOf(layer)) {
      const first = users.get(part);
      if (first === undefined) users.set(part, i);
      else if (!canBeTwice(part))
        forbid(first, i, `${shown(part)} is used before and behind that, and what is trained is one stage's`);
    }
    for (const input of inputs) {
      const maker = makers.get(input);
      if (maker === undefined) continue;
      const what = `what ${shown(input.sourceLayer)} makes`;
      if (input.shape.slice(1).includes(null)) forbid(maker, i, `${what} has no fixed size`);
      if (input.dtype !== "float32") forbid(maker, i, `${what} is ${input.dtype}, not float32`);
    }
    for (const output of outputs) makers.set(output, i);
  });
  return obstacles;
}

/** A layer, or the layers of the model that it is. */
function partsOf(layer: tf.layers.Layer): Set<tf.layers.Layer> {
  return new Set(isContainer(layer) ? [...layersOf(layer)].map((placed) => placed.layer) : [layer]);
}

/** Whether several stages may have it, each its own: nothing of it changes, and it draws nothing. */
function canBeTwice(layer: tf.layers.Layer): boolean {
  const { layers, cells } = randomPartsOf({ layers: [layer] } as unknown as tf.LayersModel);
  return layer.trainableWeights.length === 0 && layers.size + cells.size === 0;
}
