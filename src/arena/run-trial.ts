import type { ChildProcess } from "node:child_process";
import { once } from "node:events";
import { rm } from "node:fs/promises";
import { join } from "node:path";
import { readMetrics, type EpochMetrics } from "../report/metrics.js";
import { makeFolder } from "../paths.js";
import { writeWhole } from "../run/folder/files.js";
import { optionsOf, type PlannedTrial } from "./plan.js";
import type { TrialResult } from "./store.js";
import type { Measurement } from "./trial.js";

/** What starts `apts train` on cores. */
export type StartTrain = (args: readonly string[], cpus: readonly number[]) => ChildProcess;

/** How running trials are asked to end: after a checkpoint, and at once. */
export interface Stops {
  readonly gently: AbortSignal;
  readonly atOnce: AbortSignal;
}

/** What is kept of a run's standard error, in characters: it ends with why a run failed. */
const KEPT = 20_000;

/**
 * Runs a trial in a run folder of its own, or goes on with what is there of it.
 * @returns undefined where it was stopped before its end
 */
export async function runTrial(
  trial: PlannedTrial,
  out: string,
  cpus: readonly number[],
  start: StartTrain,
  { gently, atOnce }: Stops,
): Promise<TrialResult | undefined> {
  const runs = join(out, "runs");
  await makeFolder(runs, "the folder of runs");
  const folder = join(runs, trial.file);
  const options = join(runs, `${trial.file}.json`);
  await writeWhole(options, `${JSON.stringify(optionsOf(trial), null, 2)}\n`);
  const began = performance.now();
  const child = start(["--config", options, "--out", folder, "--auto-resume", "--json"], cpus);
  const ask = (): void => void child.kill("SIGTERM");
  for (const signal of [gently, atOnce]) signal.addEventListener("abort", ask); // the launcher ends ranks at the second
  let said = "";
  child.stdout?.resume();
  child.stderr?.on("data", (data: Buffer) => {
    said = `${said}${data.toString()}`.slice(-KEPT);
  });
  const [code, killedBy] = (await once(child, "close")) as [number | null, NodeJS.Signals | null];
  for (const signal of [gently, atOnce]) signal.removeEventListener("abort", ask);
  const wallSeconds = (performance.now() - began) / 1000;
  if (code !== 0 && gently.aborted) return undefined;
  const failure = code === 0 ? undefined : reasonIn(said, killedBy ?? `exit code ${code}`);
  const lines = await readMetrics(folder).catch((error: unknown) => {
    if (failure !== undefined) return []; // it failed before the first line
    throw error;
  });
  if (failure === undefined) {
    // An arena compares; models and checkpoints of all its runs would fill a disk.
    for (const name of ["checkpoints", "model"])
      await rm(join(folder, name), { recursive: true, force: true });
  }
  return { failure, measurements: measurementsOf(lines, trial), wallSeconds, cpus };
}

/** What `apts train` says last is why it failed; what other ranks say after it follows from that, in lines of their own. */
function reasonIn(said: string, otherwise: string): string {
  const blocks = said.split(/^apts: /m).slice(1);
  const last = blocks
    .at(-1)
    ?.split(/\n {2}\S/)[0]
    ?.trim();
  return last ?? `The run ended with ${otherwise}. ${said.trim().split("\n").at(-1) ?? ""}`.trim();
}

function measurementsOf(lines: readonly EpochMetrics[], { cut }: PlannedTrial): Measurement[] {
  let steps = 0;
  return lines.map((line) => {
    steps += line.steps;
    const { loss, testLoss, testAccuracy, metrics } = line;
    const values = Object.entries({ loss, testLoss, testAccuracy, ...metrics }).filter(
      (entry): entry is [string, number] => Number.isFinite(entry[1]),
    );
    return {
      seconds: line.seconds,
      epochs: steps / cut.batches,
      steps,
      gradients: line.gradientEvaluations,
      values: Object.fromEntries(values),
    };
  });
}
