import type { EpochMetrics } from "./metrics.js";
import { spreadOf, type Band } from "./spread.js";

/** How far a run has come. */
export const PROGRESS = ["epoch", "gradientEvaluations", "seconds", "bytesSent"] as const;
export type Progress = (typeof PROGRESS)[number];

/** What every line of metrics has; other metrics have names of their own. */
export const RESULTS = ["loss", "testAccuracy", "testLoss"] as const;

export type CurvePoint = Pick<EpochMetrics, (typeof RESULTS)[number] | Progress> &
  Partial<Pick<EpochMetrics, "metrics">>;

/** A finished or running run. Runs of one name are repetitions of one experiment with different seeds. */
export interface NamedRun {
  readonly name: string;
  readonly metrics: readonly CurvePoint[];
}

/** One experiment: middle and band over its runs, for the epochs all of them have. */
export interface Series {
  readonly name: string;
  readonly runs: number;
  /** Whether some of its runs went on for longer. */
  readonly cut: boolean;
  /** Epochs. */
  readonly length: number;
  /** How far the runs were, in the middle. */
  readonly progress: Readonly<Record<Progress, Float64Array>>;
  /** What they had come to, by name; NaN where one of them has no such result. */
  readonly results: ReadonlyMap<string, SpreadColumns>;
}

export interface SpreadColumns {
  readonly middle: Float64Array;
  readonly low: Float64Array;
  readonly high: Float64Array;
}

/** All that the last lines of runs tell a result of, by name. */
export function resultsIn(runs: readonly NamedRun[]): string[] {
  const named = new Set(runs.flatMap(({ metrics }) => Object.keys(metrics.at(-1)?.metrics ?? {})));
  named.delete("accuracy"); // that is the test accuracy
  return [...new Set([...RESULTS, ...named])];
}

/** Runs of one name become one series, in the order in which the names first appear. */
export function toSeries(
  runs: readonly NamedRun[],
  band: Band,
  results: readonly string[] = RESULTS,
): Series[] {
  const members = new Map<string, (readonly CurvePoint[])[]>();
  for (const { name, metrics } of runs) members.set(name, [...(members.get(name) ?? []), metrics]);
  return [...members].map(([name, all]) => seriesOf(name, all, band, results));
}

function seriesOf(
  name: string,
  members: readonly (readonly CurvePoint[])[],
  band: Band,
  results: readonly string[],
): Series {
  const shared = sharedEpochs(members);
  const spread = (valueOf: (point: CurvePoint) => number): SpreadColumns => {
    const columns = {
      middle: new Float64Array(shared.length),
      low: new Float64Array(shared.length),
      high: new Float64Array(shared.length),
    };
    shared.forEach((points, index) => {
      const { middle, low, high } = spreadOf(points.map(valueOf), band);
      columns.middle[index] = middle;
      columns.low[index] = low;
      columns.high[index] = high;
    });
    return columns;
  };
  return {
    name,
    runs: members.length,
    cut: members.some((metrics) => metrics.length > shared.length),
    length: shared.length,
    progress: Object.fromEntries(
      PROGRESS.map((by) => [by, spread((point) => point[by]).middle]),
    ) as unknown as Series["progress"],
    results: new Map(results.map((result) => [result, spread((point) => valueIn(point, result))])),
  };
}

/** The points of all members at the epochs that all of them have, which follow each other in every member. */
function sharedEpochs(members: readonly (readonly CurvePoint[])[]): CurvePoint[][] {
  const at = members.map(() => 0);
  return members[0]!.flatMap((point) => {
    const points = members.map((metrics, index) => {
      while (at[index]! < metrics.length && metrics[at[index]!]!.epoch < point.epoch) at[index]!++;
      return metrics[at[index]!];
    });
    return points.every((other) => other?.epoch === point.epoch) ? [points as CurvePoint[]] : [];
  });
}

/** NaN where there is none. */
function valueIn(point: CurvePoint, result: string): number {
  switch (result) {
    case "loss":
    case "testLoss":
    case "testAccuracy":
      return point[result] ?? NaN;
    default:
      return point.metrics?.[result] ?? NaN;
  }
}
