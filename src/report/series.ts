/** What the curves show of a run at the end of an epoch. */
export interface CurvePoint {
  readonly epoch: number;
  readonly seconds: number;
  /** Full-batch gradients since the run began. */
  readonly gradientEvaluations: number;
  readonly loss: number;
  /** Share, 0 to 1. */
  readonly testAccuracy: number;
}

/** A finished or running run. Runs of one name are repetitions of one experiment with different seeds. */
export interface NamedRun {
  readonly name: string;
  readonly metrics: readonly CurvePoint[];
}

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

export interface SeriesPoint {
  readonly epoch: number;
  /** Means over the runs. */
  readonly seconds: number;
  readonly gradientEvaluations: number;
  readonly loss: Spread;
  readonly testAccuracy: Spread;
}

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
  const spreadOf = (field: Exclude<keyof CurvePoint, "epoch">): Spread =>
    spread(points.map((point) => point[field]));
  return {
    epoch,
    seconds: spreadOf("seconds").mean,
    gradientEvaluations: spreadOf("gradientEvaluations").mean,
    loss: spreadOf("loss"),
    testAccuracy: spreadOf("testAccuracy"),
  };
}

function spread(values: readonly number[]): Spread {
  return {
    mean: values.reduce((sum, value) => sum + value, 0) / values.length,
    min: Math.min(...values),
    max: Math.max(...values),
  };
}
