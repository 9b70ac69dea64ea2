import type { tf } from "../../compute/tensorflow.js";
import { maskedOutputs } from "../inspect/masks.js";
import type { Goal } from "./goal.js";
import type { TargetKind } from "./resolve.js";

/** What of a goal is not what everyone expects: sentences for the start of a run. */
export function surprisesOf(
  model: tf.LayersModel,
  { outputs }: Goal,
  targets: readonly TargetKind[],
): string[] {
  const oneHot = outputs.flatMap(({ loss, name, width }, i) => {
    const isOfClasses = targets[i]!.classes !== undefined && loss.targets === "numbers" && width > 1;
    return isOfClasses && loss.ofRow && !/categorical/i.test(loss.name)
      ? [`The loss ${loss.name} of "${name}" is of numbers: it gets the class numbers as one-hot rows.`]
      : [];
  });
  return [...oneHot, ...maskedOutputs(model)];
}
