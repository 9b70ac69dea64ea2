import { existsSync } from "node:fs";
import { join, resolve } from "node:path";
import { plan } from "../../launcher/launch.js";
import { launchOptions, launchSpecOf } from "../../launcher/options.js";
import type { JoinOptions } from "../comm/rendezvous/meeting/join.js";
import { communicationOptions } from "../config/communication.js";
import { kebab, type ValuesOf } from "../config/option.js";
import { resolveOptions, splitSources, type Given } from "../config/resolve.js";
import { UsageError } from "../errors.js";
import { isModule, pathOfModule } from "../methods/own.js";
import { findMethod } from "../methods/registry.js";
import { isDataName } from "../data/sources.js";
import { isBuiltIn } from "../network/models/names.js";
import { startedBy } from "../rank/starters/index.js";
import { expectStartedOnce } from "../rank/starters/once.js";
import { isFile } from "../run/declarations.js";
import { nameOfData } from "../run/data-of-run.js";
import { IN_MEMORY, nameOfMethod, trainConfig, type TrainConfig } from "../run/options/config.js";
import { expectOwnNames } from "../run/options/of-methods.js";
import { trainOptions } from "../run/options/table.js";
import { jobOptions, startOptions } from "./job-options.js";
import { optionsOf, readRecord, recordIn, type InMemory } from "./recorded.js";
import type { RunSpec } from "./specification.js";

/** A training job as its user wants it. */
export interface PlannedJob {
  readonly spec: RunSpec;
  /** Hosts, placement and output of the ranks. */
  readonly where: Awaited<ReturnType<typeof launchSpecOf>>;
  /** How often it may be started again from its last checkpoint after a failure. */
  readonly maxRestarts: number;
  readonly dryRun: boolean;
}

/**
 * The job that `sources` ask for: they may name options of the run, of the job and of its launch.
 * @param memory what the program that asks holds in memory
 * @throws UsageError
 */
export async function planJob(sources: readonly Given[], memory = NOTHING): Promise<PlannedJob> {
  expectStartedOnce(
    "train()",
    'Start the program without mpirun, srun or apts-launch, or start "apts train" by them.',
  );
  const { inTable, others: run } = splitSources(sources, startOptions);
  const { dryRun, maxRestarts, ...values } = resolveOptions(startOptions, inTable);
  const where = await launchSpecOf(values);
  const saysRanks = values.resume !== undefined || run.some(({ values: { ranks } }) => ranks !== undefined);
  const spec = await planRun(run, values, saysRanks ? 1 : (await plan(where)).length, memory);
  return { spec, where, maxRestarts, dryRun };
}

/**
 * Refuses options of a launch where something else than apts has started the ranks: nobody would heed them.
 * @param starter as the message names it
 * @throws UsageError
 */
export function refuseLaunchOptions(sources: readonly Given[], starter: string): void {
  const table = { ...launchOptions, maxRestarts: jobOptions.maxRestarts };
  const values = resolveOptions(table, splitSources(sources, table).inTable);
  const ways = {
    hostfile: "starts them where it was told to; without it, apts starts ranks by ssh",
    ranksPerHost: "says how many are on each host",
    mapBy: "says which host each is on",
    outputDir: "takes their output",
    dryRun: "has started them already; without it, apts shows what it would start",
    maxRestarts: "would have to start them again; with --auto-resume they go on from the last checkpoint",
  } as const;
  for (const name of Object.keys(ways) as (keyof typeof ways)[]) {
    if (values[name] === table[name].fallback) continue;
    throw new UsageError(
      `Expected no --${kebab(name)}, since something else (${starter}) has started the ranks: it ${ways[name]}. Leave the option out, or start ` +
        '"apts train" once.',
    );
  }
}

/** The run that so many ranks are to make, which something else starts. */
export async function planTask(sources: readonly Given[], ranks: number): Promise<RunSpec> {
  const { inTable, others: run } = splitSources(sources, startOptions);
  const wished = run.map(({ values }) => values["ranks"]).find((value) => value !== undefined);
  if (wished !== undefined && Number(wished) !== ranks) {
    throw new UsageError(
      `Expected --ranks to be ${ranks}, the number of ranks that are started, got ${Number(wished)}. ` +
        "Leave it out, or start as many.",
    );
  }
  const step: Given = { source: { kind: "program" }, values: { ranks } };
  return planRun([step, ...run], resolveOptions(startOptions, inTable), ranks);
}

/** How ranks that apts has not started join each other. */
export function joinOptions(sources: readonly Given[]): JoinOptions {
  const table = { timeout: trainOptions.timeout, ...communicationOptions };
  const { timeout: timeoutSeconds, ...values } = resolveOptions(table, splitSources(sources, table).inTable);
  return { timeoutSeconds, ...values };
}

/** A run that goes on in a folder takes from the record there what `sources` leave open. */
async function planRun(
  sources: readonly Given[],
  { resume, autoResume }: Pick<ValuesOf<typeof jobOptions>, "resume" | "autoResume">,
  defaultRanks: number,
  memory = NOTHING,
): Promise<RunSpec> {
  if (resume !== undefined) return planResumption(sources, resume, defaultRanks, memory);
  const config = await configOf(sources, defaultRanks, memory);
  const out = config.out ?? defaultOut(config.methodName, nameOfData(config.data));
  const wasRequeued = Number(process.env["SLURM_RESTART_COUNT"] ?? 0) > 0;
  if (!autoResume && !wasRequeued) return { config, out, beginning: "new" };
  if (autoResume && config.out === undefined) {
    throw new UsageError(
      "Expected --out with --auto-resume: the folder of the run to begin, or to go on with.",
    );
  }
  const recorded = recordedOptions(out, sources, memory);
  return {
    config: recorded ? await configOf([...sources, recorded], defaultRanks, memory) : config,
    out,
    beginning: "resume or new",
  };
}

async function planResumption(
  sources: readonly Given[],
  folder: string,
  defaultRanks: number,
  memory: InMemory,
): Promise<RunSpec> {
  const recorded = recordedOptions(folder, sources, memory);
  if (!recorded) {
    throw new UsageError(
      `Expected --resume to name the folder of a run, but ${folder} has no config.json. ` +
        `Give the folder that apts train wrote with --out.`,
    );
  }
  const config = await configOf([...sources, recorded], defaultRanks, memory);
  if (config.out !== undefined && config.out !== folder) {
    throw new UsageError(
      `Expected --resume without --out, since a run goes on in its own folder; ` +
        `got --resume ${folder} and --out ${config.out}.`,
    );
  }
  return { config, out: folder, beginning: "resume" };
}

function recordedOptions(out: string, sources: readonly Given[], memory: InMemory): Given | undefined {
  const path = recordIn(out);
  return existsSync(path) ? optionsOf(readRecord(path), path, sources, memory) : undefined;
}

/** A command line holds nothing in memory. */
const NOTHING: InMemory = { data: false, model: false };

async function configOf(
  sources: readonly Given[],
  defaultRanks: number,
  memory: InMemory,
): Promise<TrainConfig> {
  const method = await findMethod(nameOfMethod(sources));
  expectOwnNames(method, startOptions);
  return located(trainConfig(sources, defaultRanks, method), memory);
}

/** The same wherever it is read again: with whole paths, and what is in memory called that. */
function located(config: TrainConfig, memory: InMemory): TrainConfig {
  const { method, data, model, loss, objective, dataDir, label } = config;
  return {
    ...config,
    method: isModule(method) ? pathOfModule(method) : method,
    data: memory.data ? IN_MEMORY : isDataName(data) ? data : resolve(data),
    label: label?.endsWith(".npy") ? resolve(label) : label,
    model: memory.model ? IN_MEMORY : isBuiltIn(model) ? model : resolve(model),
    loss: loss !== undefined && isFile(loss) ? resolve(loss) : loss,
    objective: objective === undefined ? undefined : resolve(objective),
    dataDir: dataDir === undefined ? undefined : resolve(dataDir),
  };
}

/** runs/apts-digits-20260131-145905; for SLURM, whose tasks must all find the same name, runs/apts-digits-job-4711 */
function defaultOut(method: string, data: string): string {
  const time = new Date().toISOString().replace(/[-:]/g, "").replace("T", "-").slice(0, 15);
  const job = startedBy(process.env)?.starter === "SLURM" && `job-${process.env["SLURM_JOB_ID"]!}`;
  return join("runs", `${method}-${data}-${job || time}`);
}
