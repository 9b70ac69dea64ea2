import { partOf } from "../config/mapping.js";
import { kebab } from "../config/option.js";
import { UsageError } from "../errors.js";
import { DataKnowledge } from "../job/side-by-side/data.js";
import { keyOf } from "../job/side-by-side/identity.js";
import { naming } from "../job/side-by-side/naming.js";
import { ALONE } from "../job/side-by-side/run-files.js";
import { findMethod } from "../methods/registry.js";
import { checkFit } from "../run/check-fit.js";
import { nameOfMethod, trainConfig, type TrainConfig } from "../run/options/config.js";
import type { Entry, Sweep } from "./file.js";

/** A run of a sweep: one of `apts train`. */
export interface PlannedRun {
  /** What its folder is called: readable, and another for every other configuration. */
  readonly name: string;
  readonly varied: Entry["varied"];
  readonly config: TrainConfig;
  /** Of all that determines what comes out. */
  readonly key: string;
}

/**
 * The runs of a sweep, each checked as far as it can be before it starts.
 * @throws UsageError that says in which run options, data and model do not fit together
 */
export async function planRuns({ entries }: Sweep, file: string): Promise<PlannedRun[]> {
  const knowledge = new DataKnowledge();
  const fits = new Set<string>();
  const planned = new Map<string, PlannedRun>();
  for (const entry of entries) {
    const told = wordsOf(entry);
    const run = await naming(told === "" ? "the only run" : `run with ${told}`, async () => {
      const config = await configOf(entry, file);
      const data = await knowledge.of(config);
      const { seed: _, ...fit } = config; // of which no fit depends
      const known = JSON.stringify(fit);
      if (!fits.has(known))
        await checkFit(config, { data: undefined, goal: undefined, model: undefined, streamed: false }, true);
      fits.add(known);
      const key = keyOf(config, data, "", []);
      return { name: folderName(entry, config, key), varied: entry.varied, config, key };
    });
    const other = planned.get(run.key);
    if (other)
      throw new UsageError(
        `Expected different runs in ${file}, got one twice: ${wordsOf(other)}, and ${told}. Leave one of them out.`,
      );
    planned.set(run.key, run);
  }
  return [...planned.values()];
}

async function configOf({ options }: Entry, file: string): Promise<TrainConfig> {
  if (options["out"] !== undefined)
    throw new UsageError(`Expected no "out" in ${file}: every run has a folder of its own. Say --out.`);
  const sources = [partOf(file, options), ALONE];
  const method = await findMethod(nameOfMethod(sources), `"method" in ${file}`);
  return trainConfig(sources, 1, method);
}

/** "method adam, learning-rate 0.01, seed 2" */
export function wordsOf({ varied }: Pick<Entry, "varied">): string {
  return Object.entries(varied)
    .map(([name, value]) => `${kebab(name)} ${textOf(value)}`)
    .join(", ");
}

const LONGEST = 120;

/** "adam-learning-rate-0.01-seed-2-1f0c2a7b" */
function folderName({ varied }: Entry, { methodName }: TrainConfig, key: string): string {
  const words = Object.entries(varied).map(([name, value]) =>
    name === "method" ? methodName : `${kebab(name)}-${textOf(value)}`,
  );
  const readable = [...(Object.hasOwn(varied, "method") ? [] : [methodName]), ...words]
    .join("-")
    .replaceAll(/[^\w.,-]/g, "_")
    .slice(0, LONGEST);
  return `${readable}-${key.slice(0, 8)}`;
}

function textOf(value: unknown): string {
  return typeof value === "string" ? value : JSON.stringify(value).replaceAll(/[[\]"]/g, "");
}
