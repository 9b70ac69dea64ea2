import Table from "cli-table3";
import type { EpochMetrics } from "./metrics.js";

/** A run with everything its metrics say. */
export interface MeasuredRun {
  readonly name: string;
  readonly metrics: readonly EpochMetrics[];
}

/** Test accuracy (mean, and min–max of several seeds) after these epochs, where the runs went so far. */
const EPOCHS = [10, 25, 50, 100];

/** A table of runs by name: test accuracy in % after some epochs, gradients and seconds an epoch. */
export function comparisonTable(runs: readonly MeasuredRun[]): string {
  const names = [...new Set(runs.map((run) => run.name))];
  const reached = EPOCHS.filter((epoch) => runs.some(({ metrics }) => metrics.length >= epoch));
  const columns = reached.length > 0 ? reached : [Math.max(...runs.map(({ metrics }) => metrics.length))];
  const table = new Table({
    head: ["", ...columns.map((epoch) => `${epoch} epochs`), "gradients/epoch", "s/epoch"],
    style: { head: [], border: [] },
  });
  for (const name of names) {
    const same = runs.filter((run) => run.name === name && run.metrics.length > 0);
    const at = (epoch: number): string => {
      const values = same.flatMap(({ metrics }) =>
        metrics[epoch - 1] ? [100 * metrics[epoch - 1]!.testAccuracy] : [],
      );
      if (values.length === 0) return "";
      const range =
        values.length > 1 ? ` (${Math.min(...values).toFixed(1)}–${Math.max(...values).toFixed(1)})` : "";
      return `${mean(values).toFixed(1)}${range}`;
    };
    const rate = (of: "gradientEvaluations" | "seconds"): string =>
      mean(same.map(({ metrics }) => metrics.at(-1)![of] / metrics.at(-1)!.epoch)).toFixed(2);
    table.push([name, ...columns.map(at), rate("gradientEvaluations"), rate("seconds")]);
  }
  return table.toString();
}

function mean(values: readonly number[]): number {
  return values.reduce((a, b) => a + b, 0) / values.length;
}
