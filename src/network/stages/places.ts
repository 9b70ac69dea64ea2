import type { tf } from "../../compute/tensorflow.js";
import { UsageError } from "../../errors.js";
import { layersOf, shown } from "../inspect/graph.js";
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

/** All uses of a layer are in one stage, and all outputs of the model in the last. */
export function placesToCut(model: tf.LayersModel, calls: readonly Call[], source: string): Places {
  const isOutput = (call: Call) => call.outputs.some((output) => model.outputs.includes(output));
  const firstOutput = calls.findIndex(isOutput);
  const whyNot = (place: number): string | undefined => {
    if (place > firstOutput) {
      return `${shown(calls[firstOutput]!.layer)} makes an output, and all outputs are the last stage's`;
    }
    const shared = calls
      .slice(0, place)
      .find(({ layer }) => calls.slice(place).some((later) => later.layer === layer));
    return shared && `${shown(shared.layer)} is used before and behind that, and a layer is one stage's`;
  };
  const allowed = calls.flatMap((_, place) => (place > 0 && whyNot(place) === undefined ? [place] : []));
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
        const why = place === calls.length ? "it is the last layer" : whyNot(place);
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
