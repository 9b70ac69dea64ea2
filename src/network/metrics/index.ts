import { losses, lossNamed, plain } from "../losses/index.js";
import type { Loss } from "../losses/loss.js";
import { meanOfRows, type Metric } from "./metric.js";

/** Of one class each: whether the largest prediction is that of the class; the first where several are. */
const sparseCategoricalAccuracy = meanOfRows(
  "sparseCategoricalAccuracy",
  "classes",
  true,
  (y, yAt, p, pAt, width) => (y[yAt] === largestOf(p, pAt, width) ? 1 : 0),
);

const categoricalAccuracy = meanOfRows("categoricalAccuracy", "numbers", true, (y, yAt, p, pAt, width) =>
  largestOf(p, pAt, width) === largestOf(y, yAt, width) ? 1 : 0,
);

/** The share of predictions on the right side of ½. */
const binaryAccuracy = meanOfRows("binaryAccuracy", "numbers", true, (y, yAt, p, pAt, width) => {
  let right = 0;
  for (let j = 0; j < width; j++) {
    const isOne = p[pAt + j]! > 0.5;
    if (isOne ? y[yAt + j] === 1 : y[yAt + j] === 0) right++;
  }
  return right / width;
});

/** Of the ones predicted, the share that are. */
const precision: Metric = {
  name: "precision",
  targets: "numbers",
  rises: true,
  ofRow: (y, yAt, p, pAt, width, sums, at) => {
    for (let j = 0; j < width; j++) {
      if (p[pAt + j]! <= 0.5) continue;
      sums[at + 1]! += 1;
      if (y[yAt + j] === 1) sums[at]! += 1;
    }
  },
};

/** Of the ones there are, the share predicted. */
const recall: Metric = {
  name: "recall",
  targets: "numbers",
  rises: true,
  ofRow: (y, yAt, p, pAt, width, sums, at) => {
    for (let j = 0; j < width; j++) {
      if (y[yAt + j] !== 1) continue;
      sums[at + 1]! += 1;
      if (p[pAt + j]! > 0.5) sums[at]! += 1;
    }
  },
};

export function metricOfLoss(loss: Loss): Metric {
  return meanOfRows(loss.name, loss.targets, false, (y, yAt, p, pAt, width) =>
    loss.ofRow(y, yAt, p, pAt, width, 0, undefined, 0),
  );
}

/** How many classes the model is as unsure between as if all were alike: e to the cross-entropy. */
export function perplexityOf(loss: Loss): Metric {
  return { ...metricOfLoss(loss), name: "perplexity", of: (sum, count) => Math.exp(sum / count) };
}

/** Cross-entropy of one symbol, in bits. */
export function bitsOf(loss: Loss): Metric {
  return { ...metricOfLoss(loss), name: "bitsPerCharacter", of: (sum, count) => sum / count / Math.LN2 };
}

const own = [sparseCategoricalAccuracy, categoricalAccuracy, binaryAccuracy, precision, recall] as const;
/** Metrics whose meaning depends on the loss. */
export const ACCURACY = "accuracy";
export const OF_CROSS_ENTROPY = ["perplexity", "bitsPerCharacter"] as const;

export const METRIC_NAMES: readonly string[] = [
  ACCURACY,
  ...own.map(({ name }) => name),
  ...OF_CROSS_ENTROPY,
  ...losses.map(({ name }) => name),
];

/** A metric that means the same whatever the loss. */
export function metricNamed(name: string): Metric | undefined {
  const found = own.find((metric) => plain(metric.name) === plain(name));
  if (found) return found;
  const loss = lossNamed(name);
  return loss && metricOfLoss(loss);
}

/** The name by which a metric is reported, of any of its spellings; as it is where that is no metric. */
export function metricNameIn(spelling: string): string {
  const wanted = plain(spelling);
  if (wanted === "acc") return ACCURACY;
  if (wanted === "ce") return "crossentropy";
  return METRIC_NAMES.find((name) => plain(name) === wanted) ?? metricNamed(spelling)?.name ?? spelling;
}

/** The accuracy that Keras takes for a model. */
export function accuracyFor(width: number, isBinary: boolean, targets: "numbers" | "classes"): Metric {
  if (targets === "classes") return sparseCategoricalAccuracy;
  return width === 1 || isBinary ? binaryAccuracy : categoricalAccuracy;
}

function largestOf(x: Float32Array, at: number, width: number): number {
  let best = 0;
  for (let j = 1; j < width; j++) if (x[at + j]! > x[at + best]!) best = j;
  return best;
}
