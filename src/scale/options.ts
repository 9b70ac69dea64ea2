import { choice, flag, integer, integers, kebab, text, type OptionTable } from "../config/option.js";
import { camel, type Given } from "../config/resolve.js";
import { UsageError } from "../errors.js";
import { startOptions } from "../job/job-options.js";

export const MODES = ["strong", "weak"] as const;
export type Mode = (typeof MODES)[number];

/** What `apts scale` takes beside the options of a run. */
export const scaleOptions = {
  ranks: integers({ min: 1, max: 4096, fallback: [1, 2], help: "numbers of ranks to measure" }),
  mode: choice(MODES, {
    fallback: "strong",
    help: "the same work on all numbers of ranks, or on each as much more (docs/scaling.md)",
  }),
  repeats: integer({ min: 1, max: 1000, fallback: 3, help: "runs of each number of ranks" }),
  steps: integer({
    min: 1,
    max: 500_000,
    fallback: 50,
    help: "steps of each run that are measured, after as many",
  }),
  predict: flag({
    fallback: false,
    help: "compare with what the cost model predicts, after probing what ranks compute and their links",
  }),
  network: text({
    fallback: undefined,
    placeholder: "NAME",
    help: "predict for up to 4096 ranks on a network: 100gbe, slingshot, nvlink, or a file (docs/scaling.md)",
  }),
  out: text({
    fallback: undefined,
    placeholder: "DIR",
    help: "folder of what comes out; runs that are finished there are not run again (default: runs/scale)",
  }),
} satisfies OptionTable;

/** Where the ranks of a run are; each run has all of it. */
export const placeOptions = {
  hostfile: startOptions.hostfile,
  mapBy: startOptions.mapBy,
  bind: startOptions.bind,
} satisfies OptionTable;

/** Options of a run that are not its user's here. */
const OURS: Readonly<Record<string, string>> = {
  epochs: "--steps says how many steps are measured",
  batchesPerEpoch: "--steps says how many steps are measured",
};

/** @throws UsageError where a source says what this command says itself */
export function refuseOurs(sources: readonly Given[]): void {
  for (const { values } of sources) {
    for (const [written, value] of Object.entries(values)) {
      const name = camel(written);
      if (value === undefined || value === null || !Object.hasOwn(OURS, name)) continue;
      throw new UsageError(`Expected no --${kebab(name)}, since ${OURS[name]!}. Leave it out.`);
    }
  }
}

/** Numbers of ranks, each once, in their order. @throws UsageError for one that comes twice */
export function ranksOf(given: readonly number[]): number[] {
  const sorted = [...given].sort((a, b) => a - b);
  const twice = sorted.find((ranks, index) => ranks === sorted[index + 1]);
  if (twice === undefined) return sorted;
  throw new UsageError(`Expected different numbers in --ranks, got ${twice} twice. Leave one of them out.`);
}
