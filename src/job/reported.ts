import { basename } from "node:path";
import { formatCount } from "../report/format.js";
import { readMetrics, type EpochMetrics } from "../report/metrics.js";
import type { RunRow } from "../report/runs-table.js";
import type { Summary } from "../report/summary.js";
import { nameOfData } from "../run/data-of-run.js";
import { readRecord, readSummary, recordIn } from "./recorded.js";
import { namesOf, type RecordedRun } from "./run-names.js";

/** A run as a report shows it. */
export interface ReportedRun {
  /** One for all that differ in nothing but the seed. */
  readonly name: string;
  readonly folder: string;
  readonly seed: number;
  readonly metrics: readonly EpochMetrics[];
  /** Undefined while it goes on. */
  readonly summary: Summary | undefined;
}

/** Runs, and of what they are. */
export interface Reported {
  readonly runs: readonly ReportedRun[];
  /** The data sets of the runs, and their networks' sizes. */
  readonly title: string;
}

/** @throws UsageError where a folder is no run's */
export async function readRuns(
  folders: readonly { readonly folder: string; readonly label?: string | undefined }[],
): Promise<Reported> {
  const read: (RecordedRun & Omit<ReportedRun, "name">)[] = [];
  // One after the other: the lines of many would not fit in memory beside what they say.
  for (const { folder, label } of folders) {
    const metrics = await readMetrics(folder);
    const record = readRecord(recordIn(folder));
    const summary = await readSummary(folder);
    read.push({ label, record, folder, seed: record.options.seed, metrics, summary });
  }
  const names = namesOf(read);
  const runs = read.map(({ folder, seed, metrics, summary }, index) => ({
    name: names[index]!,
    folder,
    seed,
    metrics,
    summary,
  }));
  return { runs, title: titleOf(read) };
}

function titleOf(runs: readonly RecordedRun[]): string {
  const named = (values: readonly string[]): string => [...new Set(values)].join(", ");
  const sizes = named(runs.map(({ record }) => formatCount(record.parameters)));
  return `Training on ${named(runs.map(({ record }) => nameOfData(record.options.data)))}, ${sizes} parameters`;
}

/** A row of a table of runs: of one that goes on, what it has come to. */
export function rowOf({ name, folder, seed, metrics, summary }: ReportedRun): RunRow {
  const facts = { name, run: basename(folder), seed };
  const last = metrics.at(-1);
  if (summary || !last) return { facts, result: summary };
  const accuracies = metrics.flatMap(({ testAccuracy }) => testAccuracy ?? []);
  const bestTestAccuracy =
    accuracies.length > 0 ? accuracies.reduce((best, one) => Math.max(best, one), 0) : null;
  return { facts, result: { ...last, epochs: last.epoch, bestTestAccuracy } };
}
