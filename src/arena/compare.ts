import type { Stops } from "../job/side-by-side/child-run.js";
import { ownCores, type OwnPlace } from "../job/side-by-side/cores.js";
import { pinnedTrain } from "../job/side-by-side/pinned-train.js";
import type { ManyEvent } from "../job/side-by-side/progress.js";
import { runAll } from "../job/side-by-side/run-all.js";
import { aloneIn } from "../job/side-by-side/run-files.js";
import type { PlannedTrial } from "./plan.js";
import { runTrial } from "./run-trial.js";
import { TrialStore, type TrialResult } from "./store.js";
import type { Trial } from "./trial.js";

export interface ArenaRun {
  /** Folder of trials that are finished, and of runs. */
  readonly out: string;
  /** Trials at a time; undefined: as many as have cores of their own. */
  readonly jobs: number | undefined;
  readonly stops: Stops;
  readonly observe: (event: ManyEvent) => void;
}

/**
 * Runs those planned trials that are not finished in `out`, and returns all of them in their order; undefined where it
 * was stopped before.
 * @throws UsageError where the folder is another's
 */
export function runTrials(planned: readonly PlannedTrial[], run: ArenaRun): Promise<Trial[] | undefined> {
  return aloneIn(run.out, () => runInFolder(planned, run));
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

  const cores = ownCores(jobs);
  const start = await pinnedTrain(cores.all);
  const conduct = async (trial: PlannedTrial, place: OwnPlace): Promise<void> => {
    const name = nameOf(trial);
    observe({ type: "begins", name });
    const result = await runTrial(trial, out, place, start, stops);
    if (!result) return;
    if ("killedBy" in result) {
      observe({
        type: "ends",
        name,
        failure: `${result.killedBy} ended it. The same command goes on with it.`,
      });
      return;
    }
    await store.write(trial, result);
    results.set(trial.key, result);
    observe({ type: "ends", name, failure: result.failure });
  };
  await runAll([...waiting.values()], cores, ({ config }) => config, conduct, stops);
  if (planned.some(({ key }) => !results.has(key))) return undefined;
  return planned.map(({ key, workload, method, candidate, seed }) => {
    const { failure, measurements } = results.get(key)!;
    return { workload, method, candidate, seed, measurements, ...(failure === undefined ? {} : { failure }) };
  });
}

/** "mnist, adam learningRate=0.001, seed 2" */
function nameOf({ workload, method, candidate, seed }: PlannedTrial): string {
  const chosen = Object.entries(candidate).map(([name, value]) => ` ${name}=${JSON.stringify(value)}`);
  return `${workload}, ${method}${chosen.join("")}, seed ${seed}`;
}
