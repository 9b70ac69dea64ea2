import type { EpochMetrics } from "./metrics.js";

/** What the curves show of a run at the end of an epoch: one of these, */
export type Result = "loss" | "testAccuracy" | "testLoss";
/** against one of these. */
export type Progress = "epoch" | "gradientEvaluations" | "seconds";

export type CurvePoint = Pick<EpochMetrics, Result | Progress>;

/** A finished or running run. Runs of one name are repetitions of one experiment with different seeds. */
export interface NamedRun {
  readonly name: string;
  readonly metrics: readonly CurvePoint[];
}

/** NaN where a run has no such result. */
interface Spread {
  readonly mean: number;
  readonly min: number;
  readonly max: number;
}

/** One experiment: the mean, smallest and largest over its runs, for the epochs all of them have. */
export interface Series {
  readonly name: string;
  readonly runs: number;
  readonly points: readonly SeriesPoint[];
}

/** How far the runs were, in the mean, and what they had come to. */
export type SeriesPoint = Readonly<Record<Progress, number> & Record<Result, Spread>>;

/** Runs of one name become one series, in the order in which the names first appear. */
export function toSeries(runs: readonly NamedRun[]): Series[] {
  const names = [...new Set(runs.map((run) => run.name))];
  return names.map((name) => {
    const members = runs.filter((run) => run.name === name).map((run) => run.metrics);
    const byEpoch = members.map((metrics) => new Map(metrics.map((point) => [point.epoch, point])));
    const points = members[0]!.flatMap(({ epoch }) => {
      const found = byEpoch.flatMap((epochs) => epochs.get(epoch) ?? []);
      return found.length === members.length ? [meanPoint(epoch, found)] : [];
    });
    return { name, runs: members.length, points };
  });
}

function meanPoint(epoch: number, points: readonly CurvePoint[]): SeriesPoint {
  const spreadOf = (field: keyof CurvePoint): Spread => spread(points.map((point) => point[field] ?? NaN));
  return {
    epoch,
    seconds: spreadOf("seconds").mean,
    gradientEvaluations: spreadOf("gradientEvaluations").mean,
    loss: spreadOf("loss"),
    testAccuracy: spreadOf("testAccuracy"),
    testLoss: spreadOf("testLoss"),
  };
}

function spread(values: readonly number[]): Spread {
  return {
    mean: values.reduce((sum, value) => sum + value, 0) / values.length,
    min: Math.min(...values),
    max: Math.max(...values),
  };
}
