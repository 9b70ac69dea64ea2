/** A measure of predictions beside the loss: of every sample the sums that make it at the end. */
export interface Metric {
  readonly name: string;
  /** What y is, as for a loss. */
  readonly targets: "numbers" | "classes";
  /** A larger value is a better one. */
  readonly rises: boolean;
  /**
   * What the row of `width` predictions at p[pAt…], with y[yAt…] (a class number: y[yAt]), adds to the two sums at
   * sums[at] and sums[at + 1].
   */
  ofRow(y: Float32Array, yAt: number, p: Float32Array, pAt: number, width: number, sums: Float64Array, at: number): void; // prettier-ignore
  /** The metric of those sums; undefined: their quotient. */
  readonly of?: (sum: number, count: number) => number;
}

export function valueOf(metric: Metric, sum: number, count: number): number {
  return metric.of ? metric.of(sum, count) : count === 0 ? 0 : sum / count;
}

/** The mean over rows. */
export function meanOfRows(
  name: string,
  targets: Metric["targets"],
  rises: boolean,
  value: (y: Float32Array, yAt: number, p: Float32Array, pAt: number, width: number) => number,
): Metric {
  return {
    name,
    targets,
    rises,
    ofRow: (y, yAt, p, pAt, width, sums, at) => {
      sums[at]! += value(y, yAt, p, pAt, width);
      sums[at + 1]! += 1;
    },
  };
}
