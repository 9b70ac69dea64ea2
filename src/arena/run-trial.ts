import type { ChildProcess } from "node:child_process";
import { rm } from "node:fs/promises";
import { join } from "node:path";
import { readMetrics, type EpochMetrics } from "../report/metrics.js";
import { makeFolder } from "../paths.js";
import { argumentsFor, writeOptions } from "../job/side-by-side/run-files.js";
import { conductRun, type Stops } from "../job/side-by-side/child-run.js";
import type { OwnPlace } from "../job/side-by-side/cores.js";
import type { PlannedTrial } from "./plan.js";
import type { TrialResult } from "./store.js";
import type { Measurement } from "./trial.js";

/** What starts `apts train` on cores. */
export type StartTrain = (args: readonly string[], place: OwnPlace) => ChildProcess;

/**
 * Runs a trial in a run folder of its own, or goes on with what is there of it.
 * @returns undefined where it was stopped before its end, and what killed it where something else did: another time it goes on
 */
export async function runTrial(
  trial: PlannedTrial,
  out: string,
  place: OwnPlace,
  start: StartTrain,
  stops: Stops,
): Promise<TrialResult | { readonly killedBy: string } | undefined> {
  const runs = join(out, "runs");
  await makeFolder(runs, "the folder of runs");
  const folder = join(runs, trial.file);
  await writeOptions(folder, trial.config);
  const child = start(argumentsFor(folder), place);
  const conducted = await conductRun(child, stops);
  if (!conducted) return undefined;
  const { failure, wallSeconds, killedBy } = conducted;
  if (killedBy !== undefined) return { killedBy };
  const lines = await readMetrics(folder).catch((error: unknown) => {
    if (failure !== undefined) return []; // it failed before the first line
    throw error;
  });
  if (failure === undefined) {
    // An arena compares; models and checkpoints of all its runs would fill a disk.
    for (const name of ["checkpoints", "model"])
      await rm(join(folder, name), { recursive: true, force: true });
  }
  return { failure, measurements: measurementsOf(lines, trial), wallSeconds, cpus: place.cpus };
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
