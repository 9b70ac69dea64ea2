import { join } from "node:path";
import { UsageError } from "../errors.js";
import { readUserFile } from "../paths.js";

/** One line of `metrics.jsonl`: the state of the run at the end of an epoch. */
export interface EpochMetrics {
  readonly epoch: number;
  /** Seconds of training since the run began, evaluation on the test set left out. */
  readonly seconds: number;
  /** Mean over the epoch's steps of the loss they report. */
  readonly loss: number;
  /** On the samples held back; null without any. */
  readonly testLoss: number | null;
  /** Share, 0 to 1; null without samples held back, and where no classes are predicted. */
  readonly testAccuracy: number | null;
  /** All metrics on the samples held back, by name. */
  readonly metrics: Readonly<Record<string, number>>;
  /** Δ; null for methods without one. */
  readonly radius: number | null;
  /** Steps accepted in this epoch. */
  readonly accepted: number;
  /** Steps made in this epoch. */
  readonly steps: number;
  /** Passes over the training set since the run began; a local one counts 1/N, its share of the parameters. */
  readonly lossEvaluations: number;
  readonly gradientEvaluations: number;
  /** Sent by all ranks since the run began. */
  readonly bytesSent: number;
}

/** Those that are numbers, or null. */
const fields = [
  "epoch",
  "seconds",
  "loss",
  "testLoss",
  "testAccuracy",
  "radius",
  "accepted",
  "steps",
  "lossEvaluations",
  "gradientEvaluations",
  "bytesSent",
] as const satisfies readonly (keyof EpochMetrics)[];

const nullable = new Set<keyof EpochMetrics>(["testLoss", "testAccuracy", "radius"]);

/**
 * Reads a run folder's `metrics.jsonl`, a line an epoch; the line that a running or killed run has not written to its
 * end is left out. UsageError where there is none or it is damaged.
 */
export async function readMetrics(runFolder: string): Promise<EpochMetrics[]> {
  const path = join(runFolder, "metrics.jsonl");
  const text = (await readUserFile(path, "the metrics of a run that apts train has written")).toString();
  const lines = text.split("\n");
  if (!isWhole(lines.at(-1)!)) lines.pop();
  return lines
    .filter((line) => line.trim() !== "")
    .map((line, index) => parseLine(line, () => `line ${index + 1} of ${path}`));
}

/** Whether what stands after the last line break is a line that lacks but its own. */
function isWhole(rest: string): boolean {
  try {
    JSON.parse(rest);
    return true;
  } catch {
    return false;
  }
}

/** Older versions wrote no metrics. */
type Line = Omit<EpochMetrics, "metrics"> & Partial<Pick<EpochMetrics, "metrics">>;

function parseLine(text: string, where: () => string): EpochMetrics {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    throw new UsageError(`Expected JSON in ${where()}, found "${text.slice(0, 60)}".`, { cause: error });
  }
  const record = (value ?? {}) as Record<string, unknown>;
  for (const field of fields) {
    const found = record[field];
    if (typeof found === "number" || (found === null && nullable.has(field))) continue;
    // A loss that was not finite, as older versions went on after it: JSON has no NaN.
    if (found === null && field === "loss") record[field] = NaN;
    else throw notANumber(field, found, where());
  }
  const line = record as unknown as Line;
  return {
    epoch: line.epoch,
    seconds: line.seconds,
    loss: line.loss,
    testLoss: line.testLoss,
    testAccuracy: line.testAccuracy,
    metrics: line.metrics ?? {},
    radius: line.radius,
    accepted: line.accepted,
    steps: line.steps,
    lossEvaluations: line.lossEvaluations,
    gradientEvaluations: line.gradientEvaluations,
    bytesSent: line.bytesSent,
  };
}

function notANumber(field: string, found: unknown, where: string): UsageError {
  return new UsageError(
    `Expected a number for "${field}" in ${where}, found ${found === undefined ? "none" : JSON.stringify(found)}.`,
  );
}
