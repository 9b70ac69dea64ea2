import { combinations } from "../config/combinations.js";
import { basename } from "node:path";
import { checkMiniBatches } from "../data/batches.js";
import { UsageError } from "../errors.js";
import type { MethodDescription } from "../methods/description.js";
import { findMethod } from "../methods/registry.js";
import { DataKnowledge } from "../job/side-by-side/data.js";
import { keyOf } from "../job/side-by-side/identity.js";
import { naming } from "../job/side-by-side/naming.js";
import { ALONE } from "../job/side-by-side/run-files.js";
import { checkFit } from "../run/check-fit.js";
import { nameOfData } from "../run/data-of-run.js";
import { cutOf, nameOfMethod, trainConfig, type Cut, type TrainConfig } from "../run/options/config.js";
import type { Entry } from "./entry.js";
import type { Arena, Workload } from "./file.js";
import type { Trial } from "./trial.js";
import { versionOf } from "./versions.js";

/** A trial to be run: an ordinary training run. */
export interface PlannedTrial extends Pick<Trial, "workload" | "method" | "candidate" | "seed"> {
  readonly config: TrainConfig;
  readonly cut: Cut;
  /** Of all that determines what comes out: trials of one key are one run. */
  readonly key: string;
  /** What its files are called. */
  readonly file: string;
}

/** Epochs of a run that seconds or gradients end. */
const NO_END = 1_000_000_000;

/**
 * The trials of an arena, those of one seed together, so that what the machine does beside them meets all methods alike.
 * @throws UsageError where options, data and models do not fit together
 */
export async function planTrials(arena: Arena): Promise<PlannedTrial[]> {
  const knowledge = new DataKnowledge();
  const configurations: ((seed: number) => PlannedTrial)[] = [];
  for (const workload of arena.workloads) {
    for (const entry of arena.entries) {
      for (const candidate of combinations(entry.search))
        configurations.push(await configured(workload, entry, candidate, knowledge));
    }
  }
  return arena.seeds.flatMap((seed) => configurations.map((trialOf) => trialOf(seed)));
}

async function configured(
  { name, train, budget, evaluate }: Workload,
  entry: Entry,
  candidate: Readonly<Record<string, unknown>>,
  knowledge: DataKnowledge,
): Promise<(seed: number) => PlannedTrial> {
  const searched = { ...entry.options, values: candidate };
  const sources = [searched, entry.options, train, ALONE];
  const method = await findMethod(nameOfMethod(sources), `"method" in method ${entry.name} of ${entry.file}`);
  const asked = trainConfig(sources, 1, method);
  const data = await knowledge.of(asked);
  const { batches } = cutOf(asked, data.count);
  const batchesPerEpoch = Math.max(1, Math.round(evaluate * batches));
  const epochs = budget.epochs && Math.ceil((budget.epochs * batches) / batchesPerEpoch - 1e-9); // 0.7 · 10 / 7 is 1
  if (epochs === undefined && method.plans?.(asked.methodOptions)) {
    throw new UsageError(
      `Expected a budget in epochs of workload ${name}, which the steps of method ${entry.name} are planned by, got none. ` +
        "Say both, seconds and epochs: a trial ends with whichever is used first.",
    );
  }
  const ends = {
    epochs: epochs ?? NO_END,
    maxSeconds: budget.seconds,
    maxGradients: budget.gradients,
    batchesPerEpoch,
  };
  await naming(`method ${entry.name} on workload ${name}`, async () => {
    checkMiniBatches(data.count, batches);
    const given = { data: undefined, goal: undefined, model: undefined, streamed: false };
    await checkFit({ ...asked, ...ends }, given, true);
  });
  const version = versionOf(method);
  return (seed) => {
    const config = { ...asked, ...ends, seed };
    const key = keyOf(config, data, version, OTHERWISE);
    return {
      ...{ workload: name, method: entry.name, candidate, seed, config, key },
      cut: { batches, batchesPerEpoch },
      file: fileName(method, config, key),
    };
  };
}

/** What is told otherwise: the samples are compared, and the method's name and version. */
const OTHERWISE = ["data", "method"] as const;

function fileName({ name }: MethodDescription, { data, seed }: TrainConfig, key: string): string {
  const readable = `${name}-${basename(nameOfData(data))}-seed${seed}`.replaceAll(/[^\w.-]/g, "_");
  return `${readable}-${key.slice(0, 16)}`;
}
