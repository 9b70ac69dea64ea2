import type { EpochMetrics } from "./metrics.js";

/** A run with everything its metrics say. */
export interface MeasuredRun {
  readonly name: string;
  readonly metrics: readonly EpochMetrics[];
}

/** What a budget is counted in: epochs, or full-batch gradients (a local gradient counts as its share of a full one). */
export type Budget = "epochs" | "gradients";

const BUDGETS = [10, 25, 50, 100];

/**
 * Rows of a table, the first its head: for each name the test accuracy in % (mean, and smallest–largest of several
 * runs) within 10, 25, 50 and 100 epochs or gradients, as far as the runs went, and what an epoch took.
 */
export function comparison(runs: readonly MeasuredRun[], by: Budget): string[][] {
  const names = [...new Set(runs.map((run) => run.name))];
  const spent = (line: EpochMetrics): number => (by === "epochs" ? line.epoch : line.gradientEvaluations);
  const furthest = Math.max(...runs.map(({ metrics }) => (metrics.length > 0 ? spent(metrics.at(-1)!) : 0)));
  const reached = BUDGETS.filter((budget) => budget <= furthest);
  const columns = reached.length > 0 ? reached : [Math.floor(furthest)];

  const rows = names.map((name) => {
    const same = runs.filter((run) => run.name === name && run.metrics.length > 0);
    const within = (budget: number): string =>
      spread(
        same
          .filter(({ metrics }) => spent(metrics.at(-1)!) >= budget)
          .flatMap(({ metrics }) => metrics.findLast((line) => spent(line) <= budget) ?? [])
          .flatMap(({ testAccuracy }) => (testAccuracy === null ? [] : 100 * testAccuracy)),
      );
    const anEpoch = (of: "gradientEvaluations" | "lossEvaluations" | "seconds"): string =>
      same.length === 0
        ? ""
        : mean(same.map(({ metrics }) => metrics.at(-1)![of] / metrics.at(-1)!.epoch)).toFixed(2);
    return [
      name,
      ...columns.map(within),
      anEpoch("gradientEvaluations"),
      anEpoch("lossEvaluations"),
      anEpoch("seconds"),
    ];
  });
  const head = ["", ...columns.map((n) => `${n} ${by}`), "gradients/epoch", "losses/epoch", "s/epoch"];
  return [head, ...rows];
}

function spread(values: readonly number[]): string {
  if (values.length === 0) return "";
  const range =
    values.length > 1 ? ` (${Math.min(...values).toFixed(1)}–${Math.max(...values).toFixed(1)})` : "";
  return `${mean(values).toFixed(1)}${range}`;
}

function mean(values: readonly number[]): number {
  return values.reduce((a, b) => a + b, 0) / values.length;
}

/** The rows as a table in Markdown. */
export function markdownTable([head, ...rows]: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]): string => `| ${cells.join(" | ")} |`;
  return [head!, head!.map(() => "---"), ...rows].map(line).join("\n");
}
