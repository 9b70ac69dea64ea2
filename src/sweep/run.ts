import type { ChildProcess } from "node:child_process";
import { join } from "node:path";
import { readSummary } from "../job/recorded.js";
import { conductRun, type Stops } from "../job/side-by-side/child-run.js";
import type { Places } from "../job/side-by-side/places.js";
import type { ManyEvent } from "../job/side-by-side/progress.js";
import { runAll } from "../job/side-by-side/run-all.js";
import { aloneIn, argumentsFor, writeOptions } from "../job/side-by-side/run-files.js";
import { makeFolder } from "../paths.js";
import { wordsOf, type PlannedRun } from "./plan.js";
import { runsIn, SweepTable, type Ending, type KnownRun } from "./record.js";

/** Where runs go, and how `apts train` is started there. */
export interface Way<Place> {
  readonly places: Places<Place>;
  start(args: readonly string[], place: Place): ChildProcess;
}

export interface SweepSettings<Place> {
  readonly name: string;
  readonly out: string;
  readonly way: Way<Place>;
  readonly stops: Stops;
  readonly observe: (event: ManyEvent) => void;
  /** What is to be done where a run has ended, before another takes its place. */
  readonly after?: (run: PlannedRun) => Promise<void>;
}

/**
 * Runs what is not finished in `out`, and goes on with what had begun there. A run that fails is recorded, and the others
 * go on.
 * @returns how each ended, by key; undefined where the sweep was stopped before
 * @throws UsageError where the folder is another's
 */
export function runSweep<Place>(
  planned: readonly PlannedRun[],
  settings: SweepSettings<Place>,
): Promise<ReadonlyMap<string, Ending> | undefined> {
  return aloneIn(settings.out, () => runInFolder(planned, settings));
}

async function runInFolder<Place>(
  planned: readonly PlannedRun[],
  { name: sweep, out, way, stops, observe, after }: SweepSettings<Place>,
): Promise<ReadonlyMap<string, Ending> | undefined> {
  const endings = await finishedIn(out, planned);
  const table = new SweepTable(out, sweep, planned, endings);
  await writeAllOptions(out, planned);
  await table.write();
  observe({ type: "start", total: planned.length, done: endings.size });
  const conduct = async (run: PlannedRun, place: Place): Promise<void> => {
    const name = wordsOf(run) || run.name;
    observe({ type: "begins", name });
    const folder = join(runsIn(out), run.name);
    const conducted = await conductRun(way.start(argumentsFor(folder), place), stops);
    if (!conducted) return;
    const summary = conducted.failure === undefined ? await readSummary(folder) : undefined;
    const failure = conducted.failure?.split("\n")[0] ?? "It ended without a summary.";
    endings.set(run.key, summary ? { summary } : { failure });
    await table.write();
    observe({ type: "ends", name, failure: summary ? undefined : failure });
    await after?.(run);
  };
  const open = planned.filter(({ key }) => !endings.has(key));
  await runAll(open, way.places, ({ config }) => config, conduct, stops);
  return planned.every(({ key }) => endings.has(key)) ? endings : undefined;
}

/** How those runs ended that have, with success. */
export async function finishedIn(out: string, planned: readonly KnownRun[]): Promise<Map<string, Ending>> {
  const endings = new Map<string, Ending>();
  for (const { name, key } of planned) {
    const summary = await readSummary(join(runsIn(out), name));
    if (summary) endings.set(key, { summary });
  }
  return endings;
}

/** Writes a config file for every run, beside its folder. */
export async function writeAllOptions(out: string, planned: readonly PlannedRun[]): Promise<void> {
  await makeFolder(runsIn(out), "the folder of runs");
  for (const { name, config } of planned) await writeOptions(join(runsIn(out), name), config);
}
