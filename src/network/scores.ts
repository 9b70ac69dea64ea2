import type { Goal, OutputGoal } from "./goal/goal.js";
import { sigmoid, softmaxRow } from "./losses/classification.js";
import { valueOf } from "./metrics/metric.js";

/*
 * What is measured of a model, as sums over samples that ranks add up: of each output the loss as `model.evaluate` has
 * it, and of each of its metrics two sums.
 */

/** How many sums there are; of an objective of one's own, one. */
export function sumsOf({ outputs, objective }: Goal): number {
  return outputs.reduce((sum, { metrics }) => sum + 1 + 2 * metrics.length, objective ? 1 : 0);
}

/** What a set of samples measured. */
export interface Scores {
  /** The mean loss, outputs weighted. */
  readonly loss: number;
  /** By name; of several outputs with their names in front, and their losses. */
  readonly metrics: Readonly<Record<string, number>>;
}

export function scoresOf({ outputs, objective }: Goal, sums: ArrayLike<number>, rows: number): Scores {
  if (objective) return { loss: sums[0]! / rows, metrics: {} };
  let at = 0;
  let loss = 0;
  const metrics: Record<string, number> = {};
  const several = outputs.length > 1;
  for (const output of outputs) {
    const own = sums[at++]! / rows;
    loss += output.weight * own;
    if (several) metrics[`${output.name}_loss`] = own;
    for (const metric of output.metrics) {
      metrics[several ? `${output.name}_${metric.name}` : metric.name] = valueOf(
        metric,
        sums[at]!,
        sums[at + 1]!,
      );
      at += 2;
    }
  }
  return { loss, metrics };
}

/** The names of `scoresOf(…).metrics`, and whether more is better. */
export function metricsOf({ outputs }: Goal): { readonly name: string; readonly rises: boolean }[] {
  const several = outputs.length > 1;
  return outputs.flatMap(({ name, metrics }) => [
    ...(several ? [{ name: `${name}_loss`, rises: false }] : []),
    ...metrics.map((metric) => ({
      name: several ? `${name}_${metric.name}` : metric.name,
      rises: metric.rises,
    })),
  ]);
}

/**
 * Adds an output's metrics, and its loss where that is known in plain loops, to its sums at `at`.
 * @param values what the loss is of, (rows, positions, width): overwritten
 * @param y its targets
 */
export function scoreRows(
  { link, folded, loss, reported, metrics }: OutputGoal,
  y: Float32Array,
  values: Float32Array,
  rows: number,
  width: number,
  sums: Float64Array,
  at: number,
): void {
  const count = values.length / width; // rows · positions
  const positions = count / rows;
  const yWidth = loss.targets === "classes" ? 1 : width;
  const measured = reported.ofRow;
  for (let row = 0; row < count; row++) {
    const [yAt, pAt] = [row * yWidth, row * width];
    if (measured && !folded) sums[at]! += measured(y, yAt, values, pAt, width, 0, undefined, 0) / positions;
    if (link === "softmax") softmaxRow(values, pAt, width);
    if (link === "sigmoid") for (let j = pAt; j < pAt + width; j++) values[j] = sigmoid(values[j]!);
    if (measured && folded) sums[at]! += measured(y, yAt, values, pAt, width, 0, undefined, 0) / positions;
    let next = at + 1;
    for (const metric of metrics) {
      metric.ofRow(y, yAt, values, pAt, width, sums, next);
      next += 2;
    }
  }
}

/** Where an output's sums begin. */
export function sumsAt({ outputs }: Goal, output: number): number {
  return sumsOf({ outputs: outputs.slice(0, output) });
}
