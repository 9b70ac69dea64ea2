import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { UsageError } from "../errors.js";

/** What a report reads of a line of `metrics.jsonl`: the state of a run at the end of an epoch. */
export interface MetricsLine {
  readonly epoch: number;
  readonly seconds: number;
  /** NaN where it was not finite. */
  readonly loss: number;
  /** NaN where it was not finite. */
  readonly testLoss: number;
  /** Share, 0 to 1. */
  readonly testAccuracy: number;
  /** Null for methods without a radius. */
  readonly radius: number | null;
  readonly accepted: number;
  readonly lossEvaluations: number;
  readonly gradientEvaluations: number;
  readonly bytesSent: number;
}

const fields = [
  "epoch",
  "seconds",
  "loss",
  "testLoss",
  "testAccuracy",
  "radius",
  "accepted",
  "lossEvaluations",
  "gradientEvaluations",
  "bytesSent",
] as const satisfies readonly (keyof MetricsLine)[];

/** JSON has no NaN: a loss that was not finite was written as null. */
const nullable = new Set<keyof MetricsLine>(["loss", "testLoss", "radius"]);

/** Reads a run folder's `metrics.jsonl`, a line an epoch. UsageError where there is none or it is damaged. */
export async function readMetrics(runFolder: string): Promise<MetricsLine[]> {
  const path = join(runFolder, "metrics.jsonl");
  const text = await readFile(path, "utf8").catch((error: unknown) => {
    throw new UsageError(
      `Expected a run folder at ${runFolder}, found no metrics.jsonl in it (${(error as Error).message}). Give the folder that apts train wrote with --out.`,
      { cause: error },
    );
  });
  const lines = text.split("\n").filter((line) => line.trim() !== "");
  return lines.map((line, index) => parseLine(line, `line ${index + 1} of ${path}`));
}

function parseLine(line: string, where: string): MetricsLine {
  let value: unknown;
  try {
    value = JSON.parse(line);
  } catch (error) {
    throw new UsageError(`Expected JSON in ${where}, found "${line.slice(0, 60)}".`, { cause: error });
  }
  const record = (value ?? {}) as Record<string, unknown>;
  const entries = fields.map((field) => {
    const found = record[field];
    if (typeof found === "number") return [field, found];
    if (found === null && nullable.has(field)) return [field, field === "radius" ? null : NaN];
    throw new UsageError(
      `Expected a number for "${field}" in ${where}, found ${found === undefined ? "none" : JSON.stringify(found)}.`,
    );
  });
  return Object.fromEntries(entries) as MetricsLine;
}
