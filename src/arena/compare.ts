import { firstOfCores, usableCores, usableCpus } from "../host/cores.js";
import { pinnedTrain } from "../job/pinned-train.js";
import { FolderLock } from "../run/folder/lock.js";
import { Cores } from "./cores.js";
import type { PlannedTrial } from "./plan.js";
import { runTrial, type Stops } from "./run-trial.js";
import { TrialStore, type TrialResult } from "./store.js";
import type { Trial } from "./trial.js";

/** What an observer is told. */
export type ArenaEvent =
  | { readonly type: "start"; readonly total: number; readonly done: number }
  | { readonly type: "trial begins"; readonly trial: PlannedTrial }
  | { readonly type: "trial ends"; readonly trial: PlannedTrial; readonly result: TrialResult };

export interface ArenaRun {
  /** Folder of trials that are finished, and of runs. */
  readonly out: string;
  /** Trials at a time; undefined: as many as have cores of their own. */
  readonly jobs: number | undefined;
  readonly stops: Stops;
  readonly observe: (event: ArenaEvent) => void;
}

/** How long another arena in the folder may take to end, in milliseconds. */
const PATIENCE = 1000;

/**
 * Runs those planned trials that are not finished in `out`, and returns all of them in their order; undefined where it
 * was stopped before.
 * @throws UsageError where the folder is another's
 */
export async function runTrials(
  planned: readonly PlannedTrial[],
  run: ArenaRun,
): Promise<Trial[] | undefined> {
  const lock = new FolderLock(run.out, PATIENCE);
  await lock.take();
  try {
    return await runInFolder(planned, run);
  } finally {
    lock.release();
  }
}

async function runInFolder(
  planned: readonly PlannedTrial[],
  { out, jobs, stops, observe }: ArenaRun,
): Promise<Trial[] | undefined> {
  const store = new TrialStore(out);
  await store.open();
  const results = new Map<string, TrialResult>();
  const waiting = new Map<string, PlannedTrial>();
  for (const trial of planned) {
    const result = await store.read(trial);
    if (result) results.set(trial.key, result);
    else if (!waiting.has(trial.key)) waiting.set(trial.key, trial);
  }
  observe({ type: "start", total: results.size + waiting.size, done: results.size });

  const cores = new Cores(firstOfCores(usableCpus()).slice(0, usableCores()));
  const start = await pinnedTrain(cores.all);
  const queue = [...waiting.values()];
  const running = new Set<Promise<void>>();
  let fault: { readonly error: unknown } | undefined;
  const conduct = async (trial: PlannedTrial, cpus: readonly number[]): Promise<void> => {
    observe({ type: "trial begins", trial });
    try {
      const result = await runTrial(trial, out, cpus, start, stops);
      if (!result) return;
      await store.write(trial, result);
      results.set(trial.key, result);
      observe({ type: "trial ends", trial, result });
    } catch (error) {
      fault ??= { error };
    } finally {
      cores.giveBack(cpus);
    }
  };
  while (queue.length > 0 && !stops.gently.aborted && !fault) {
    const { ranks, threads = 1 } = queue[0]!.config;
    const needed = Math.min(ranks * threads, cores.all.length);
    if (running.size > 0 && (jobs === undefined ? cores.free < needed : running.size >= jobs)) {
      await Promise.race(running);
      continue;
    }
    const work = conduct(queue.shift()!, cores.take(needed)).finally(() => running.delete(work));
    running.add(work);
  }
  await Promise.all(running);
  if (fault) throw fault.error;
  if (planned.some(({ key }) => !results.has(key))) return undefined;
  return planned.map(({ key, workload, method, candidate, seed }) => {
    const { failure, measurements } = results.get(key)!;
    return { workload, method, candidate, seed, measurements, ...(failure === undefined ? {} : { failure }) };
  });
}
