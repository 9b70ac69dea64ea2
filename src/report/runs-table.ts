import papa from "papaparse";
import type { Summary } from "./summary.js";

/** What came out of a run, at its end or so far. */
export type Result = Pick<
  Summary,
  | "epochs"
  | "seconds"
  | "loss"
  | "testLoss"
  | "testAccuracy"
  | "bestTestAccuracy"
  | "metrics"
  | "lossEvaluations"
  | "gradientEvaluations"
  | "bytesSent"
> & {
  /** Undefined: it goes on. */
  readonly ended?: Summary["ended"] | undefined;
};

export interface RunRow {
  /** What tells it from the others, by name. */
  readonly facts: Readonly<Record<string, unknown>>;
  /** Undefined where nothing was measured. */
  readonly result: Result | undefined;
  readonly failure?: string | undefined;
}

const COLUMNS = {
  ended: ({ ended }) => ended,
  epochs: ({ epochs }) => epochs,
  seconds: ({ seconds }) => seconds,
  gradients: ({ gradientEvaluations }) => gradientEvaluations,
  losses: ({ lossEvaluations }) => lossEvaluations,
  bytesSent: ({ bytesSent }) => bytesSent,
  loss: ({ loss }) => loss,
  testLoss: ({ testLoss }) => testLoss,
  testAccuracy: ({ testAccuracy }) => testAccuracy,
  bestTestAccuracy: ({ bestTestAccuracy }) => bestTestAccuracy,
} satisfies Readonly<Record<string, (result: Result) => unknown>>;

/** A table of runs as CSV, a row each; cells are empty where a run has no such value. */
export function runsCsv(rows: readonly RunRow[]): string {
  const namesIn = (of: (row: RunRow) => object): string[] => [
    ...new Set(rows.flatMap((row) => Object.keys(of(row)))),
  ];
  const facts = namesIn((row) => row.facts);
  const metrics = namesIn(({ result }) => result?.metrics ?? {}).filter((name) => name !== "accuracy"); // that is testAccuracy
  const fails = rows.some(({ failure }) => failure !== undefined);
  const fields = [...facts, ...Object.keys(COLUMNS), ...metrics, ...(fails ? ["failure"] : [])];
  const data = rows.map(({ facts: own, result, failure }) => [
    ...facts.map((name) => cell(own[name])),
    ...Object.values(COLUMNS).map((of) => cell(result && of(result))),
    ...metrics.map((name) => cell(result?.metrics[name])),
    ...(fails ? [failure ?? ""] : []),
  ]);
  return `${papa.unparse({ fields, data }, { newline: "\n" })}\n`;
}

function cell(value: unknown): unknown {
  if (value === undefined || value === null) return "";
  return typeof value === "object" ? JSON.stringify(value) : value;
}
