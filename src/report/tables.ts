import { comparison, type MeasuredRun } from "./comparison.js";
import { BAND_WORDS, type Band } from "./spread.js";

export interface Tables {
  /** By epochs, gradients and seconds, and by bytes where some were sent. */
  readonly tables: readonly (readonly (readonly string[])[])[];
  /** What the cells are, and what is left out. */
  readonly note: string | undefined;
}

/** What runs of each name come to within budgets. */
export function tablesOf(runs: readonly MeasuredRun[], band: Band): Tables {
  const hasBytes = runs.some(({ metrics }) => (metrics.at(-1)?.bytesSent ?? 0) > 0);
  const budgets = ["epochs", "gradients", "seconds", ...(hasBytes ? (["bytes"] as const) : [])] as const;
  const repeated = new Set(runs.map(({ name }) => name)).size < runs.length;
  const notes = [
    ...(repeated ? [`Cells are ${BAND_WORDS[band]} the runs that got so far.`] : []),
    ...(hasBytes || runs.length === 0 ? [] : ["No bytes were sent: there is no axis of them."]),
  ];
  return {
    tables: budgets.map((by) => comparison(runs, by, band)),
    note: notes.length > 0 ? notes.join(" ") : undefined,
  };
}
