import { printableLine } from "../../terminal.js";
import { hasTraffic } from "../curves.js";
import { PROGRESS, type Progress, type Series } from "../series.js";
import { thinned } from "../thin.js";
import type { PageData, PageSeries } from "./data.js";

/** Points of all series together: what a browser draws in the time between two pictures of a screen. */
const MOST_POINTS = 120_000;
/** Of one series. */
const RANGE = { least: 200, most: 4000 };

const PROGRESS_LABELS: Readonly<Record<Progress, string>> = {
  epoch: "Epochs",
  gradientEvaluations: "Gradients (full batch)",
  seconds: "Training time in seconds",
  bytesSent: "Bytes sent",
};

/** Series as a page draws them, thinned. Axes and results that none of them has are left out. */
export function embedded(series: readonly Series[]): PageData {
  const names = new Set(series.flatMap(({ results }) => [...results.keys()]));
  const results = [...names].filter((name) =>
    series.some((one) => one.results.get(name)?.middle.some(Number.isFinite)),
  );
  const progress = PROGRESS.filter((by) => by !== "bytesSent" || hasTraffic(series));
  const most = Math.min(RANGE.most, Math.max(RANGE.least, Math.floor(MOST_POINTS / series.length)));
  return {
    progress: progress.map((by) => ({ label: PROGRESS_LABELS[by] })),
    results: results.map((name) => ({ label: labelOf(name), kind: kindOf(name, series) })),
    series: series.map((one) => columnsOf(one, progress, results, most)),
  };
}

function columnsOf(
  { name, runs, length, progress, results }: Series,
  by: readonly Progress[],
  of: readonly string[],
  most: number,
): PageSeries {
  const each = Math.max(4, Math.floor(most / Math.max(1, of.length)));
  const kept = new Set(
    of.flatMap((result) => thinned(length, each, (index) => results.get(result)!.middle[index]!)),
  );
  const indices = [...(length <= most ? Array(length).keys() : kept)].sort((a, b) => a - b);
  const banded = runs > 1;
  const columns = [
    ...by.map((name) => progress[name]),
    ...of.flatMap((name) => {
      const { middle, low, high } = results.get(name)!;
      return banded ? [middle, low, high] : [middle];
    }),
  ];
  const values = new DataView(new ArrayBuffer(4 * indices.length * columns.length));
  columns.forEach((column, at) => {
    indices.forEach((index, place) => {
      values.setFloat32(4 * (at * indices.length + place), column[index]!, true);
    });
  });
  return {
    name: printableLine(name),
    points: indices.length,
    banded,
    columns: Buffer.from(values.buffer).toString("base64"),
  };
}

/** "testAccuracy" → "Test accuracy" */
function labelOf(name: string): string {
  if (name === "loss") return "Training loss";
  const words = name.replace(/(?<=[a-z])[A-Z]/g, (letter) => ` ${letter.toLowerCase()}`);
  return words.charAt(0).toUpperCase() + words.slice(1);
}

/** Accuracies and their like, by name, as long as they are shares. */
function kindOf(name: string, series: readonly Series[]): "loss" | "share" {
  if (!/accuracy|precision|recall|f1|auc/i.test(name)) return "loss";
  const values = series.flatMap(({ results }) => [...results.get(name)!.middle]).filter(Number.isFinite);
  return values.every((value) => value >= 0 && value <= 1) ? "share" : "loss";
}
