import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import type { EpochMetrics } from "../../src/report/metrics.js";
import type { Summary } from "../../src/report/summary.js";
import type { RunRecord } from "../../src/run/folder/record.js";

const parsed = (out: string, file: string): unknown => JSON.parse(readFileSync(join(out, file), "utf8"));

export const recordIn = (out: string): RunRecord => parsed(out, "config.json") as RunRecord;
export const summaryIn = (out: string): Summary => parsed(out, "summary.json") as Summary;
export const weights = (out: string): Buffer => readFileSync(join(out, "model", "weights.bin"));

/** A fingerprint of the model in a run folder. */
export const modelOf = (out: string): string => createHash("sha256").update(weights(out)).digest("hex");

/** The lines of metrics.jsonl but for the seconds, which no two runs have the same. */
export function metrics(out: string): EpochMetrics[] {
  const lines = readFileSync(join(out, "metrics.jsonl"), "utf8").trim().split("\n");
  return lines.map((line) => ({ ...(JSON.parse(line) as EpochMetrics), seconds: 0 }));
}
