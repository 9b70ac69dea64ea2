import { isHeld, type DataSplit, type Target } from "../data/dataset.js";
import { MODULE } from "../data/formats/module.js";
import { isDataName } from "../data/sources.js";
import { IN_MEMORY, type TrainConfig } from "./options/config.js";

/** So many different whole numbers may be classes. */
const FEW = 20;

/** What of a run's data is not what everyone expects: sentences for its start. */
export function surprisesIn(
  { data, metrics, loss, task }: Pick<TrainConfig, "data" | "metrics" | "loss" | "task">,
  { name, train, test }: DataSplit,
): string[] {
  const unmeasured =
    metrics !== undefined && !test
      ? [`No samples are held back to measure ${metrics} with: say --validation-split.`]
      : [];
  const isFile = data !== IN_MEMORY && !isDataName(data) && !MODULE.test(data);
  const isAsked = task !== undefined || loss !== undefined;
  const ofTargets = train.targets.flatMap((target) => {
    if (target.classes === 1) return [`All samples of ${name} are of one class: nothing is to be learned.`];
    const different = isFile && !isAsked ? fewWholeIn(target) : undefined;
    return different === undefined
      ? []
      : [
          `What is to be predicted in ${name} are ${different} different whole numbers, taken as numbers. ` +
            "Say --task classification if they are classes, --task regression if not.",
        ];
  });
  return [...unmeasured, ...ofTargets];
}

/** How many different numbers a target without classes has, where they are whole, few, and two of each on average. */
function fewWholeIn({ classes, shape, values }: Target): number | undefined {
  if (classes !== undefined || shape.length > 0 || !isHeld(values)) return undefined;
  const different = new Set<number>();
  for (const value of values) {
    different.add(value);
    if (!Number.isInteger(value) || different.size > FEW) return undefined;
  }
  return different.size > 1 && 2 * different.size <= values.length ? different.size : undefined;
}
