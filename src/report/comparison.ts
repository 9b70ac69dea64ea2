import { meanOf } from "../averages.js";
import { formatBytes, formatShort } from "./format.js";
import type { EpochMetrics } from "./metrics.js";
import { spreadOf, type Band } from "./spread.js";

/** A run with everything its metrics say. */
export interface MeasuredRun {
  readonly name: string;
  readonly metrics: readonly EpochMetrics[];
}

/** What a budget is counted in: full-batch gradients count a local gradient as its share of a full one. */
export type Budget = "epochs" | "gradients" | "seconds" | "bytes";

const SPENT: Readonly<Record<Budget, (line: EpochMetrics) => number>> = {
  epochs: ({ epoch }) => epoch,
  gradients: ({ gradientEvaluations }) => gradientEvaluations,
  seconds: ({ seconds }) => seconds,
  bytes: ({ bytesSent }) => bytesSent,
};

/** Columns of a table, at most. */
const MOST_BUDGETS = 4;

/** What is compared, and how it is written. */
interface Measure {
  readonly name: string;
  readonly of: (line: EpochMetrics) => number | null;
  readonly text: (value: number) => string;
}

const ACCURACY: Measure = {
  name: "test accuracy in %",
  of: ({ testAccuracy }) => testAccuracy,
  text: (value) => (100 * value).toFixed(2),
};
const MEASURES: readonly Measure[] = [
  ACCURACY,
  { name: "test loss", of: ({ testLoss }) => testLoss, text: formatShort },
  { name: "training loss", of: ({ loss }) => loss, text: formatShort },
];

/**
 * Rows of a table, the first its head: for each name the test accuracy in % (where no classes are predicted the loss; the
 * middle, and the band of several runs) within budgets, as far as the runs went, and at the end; and what an epoch took.
 */
export function comparison(runs: readonly MeasuredRun[], by: Budget, band: Band): string[][] {
  const names = [...new Set(runs.map((run) => run.name))];
  const spent = SPENT[by];
  const furthest = Math.max(...runs.map(({ metrics }) => (metrics.length > 0 ? spent(metrics.at(-1)!) : 0)));
  const budgets = budgetsOf(by, furthest);
  const measure =
    MEASURES.find(({ of }) => runs.some(({ metrics }) => metrics.some((line) => of(line) !== null))) ??
    ACCURACY;

  const rows = names.map((name) => {
    const same = runs.filter((run) => run.name === name && run.metrics.length > 0);
    const spread = (lines: readonly EpochMetrics[]): string => {
      const values = lines.flatMap((line) => measure.of(line) ?? []);
      if (values.length === 0) return "";
      const { middle, low, high } = spreadOf(values, band);
      const ends = values.length > 1 ? ` (${measure.text(low)}–${measure.text(high)})` : "";
      return `${measure.text(middle)}${ends}`;
    };
    const within = (budget: number): string =>
      spread(
        same
          .filter(({ metrics }) => spent(metrics.at(-1)!) >= budget)
          .flatMap(({ metrics }) => metrics.findLast((line) => spent(line) <= budget) ?? []),
      );
    const anEpoch = (of: "gradientEvaluations" | "lossEvaluations" | "seconds"): string =>
      same.length === 0
        ? ""
        : meanOf(same.map(({ metrics }) => metrics.at(-1)![of] / metrics.at(-1)!.epoch)).toFixed(2);
    return [
      name,
      ...budgets.map(within),
      spread(same.map(({ metrics }) => metrics.at(-1)!)),
      anEpoch("gradientEvaluations"),
      anEpoch("lossEvaluations"),
      anEpoch("seconds"),
    ];
  });
  const heads = budgets.map((budget) => (by === "bytes" ? formatBytes(budget) : `${budget} ${by}`));
  return [[measure.name, ...heads, "at the end", "gradients/epoch", "losses/epoch", "s/epoch"], ...rows];
}

/** Round numbers up to the furthest, the largest of them: 10, 25, 50, 100 epochs or gradients, 1, 2, 5, 10 of the others. */
function budgetsOf(by: Budget, furthest: number): number[] {
  const customary = by === "epochs" || by === "gradients";
  const [factors, first] = customary ? [[1, 2.5, 5], 1] : [[1, 2, 5], -3];
  const reached: number[] = [];
  for (let power = first; 10 ** power <= furthest; power++) {
    const rounds = factors.map((factor) => Number(`${factor}e${power}`)); // 2e-1 is what it says
    reached.push(...rounds.filter((budget) => budget <= furthest));
  }
  return reached.slice(-MOST_BUDGETS);
}

/** The rows as a table in Markdown. */
export function markdownTable([head, ...rows]: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]): string => `| ${cells.join(" | ")} |`;
  return [head!, head!.map(() => "---"), ...rows].map(line).join("\n");
}
