import type { Goal } from "../network/goal/goal.js";
import { declaredMetrics, type Declaration } from "../network/goal/declared.js";
import type { EpochMetrics } from "../report/metrics.js";
import type { Summary } from "../report/summary.js";
import type { Logs } from "./keras-callbacks.js";

/** What `fit` resolves with: Keras' History. */
export interface History {
  /** The epochs that were made, as they are counted in callbacks: from `initialEpoch` on. */
  readonly epoch: number[];
  /** For each of them `loss`, the metrics of `model.compile` and, where samples are held back, `val_…`. */
  readonly history: Record<string, number[]>;
  readonly params: Readonly<Record<string, unknown>>;
  /** What the run folder has, too; undefined where no epoch was to be made. */
  readonly summary?: Summary;
}

/** A measure as TensorFlow.js calls it, and as a run does. */
export interface Label {
  readonly keras: string;
  readonly apts: string;
}

/**
 * The metrics that a history has beside the loss: those asked for.
 * @param declarations in the order in which they count
 * @param compiled `model.metricsNames`, where `compile` is what says the metrics
 */
export function labelsOf(
  { outputs }: Goal,
  declarations: readonly Declaration[],
  compiled: readonly string[] | undefined,
): Label[] {
  const names = outputs.map(({ name }) => name);
  const several = outputs.length > 1;
  const labels: Label[] = several
    ? names.map((name) => ({ keras: `${name}_loss`, apts: `${name}_loss` }))
    : [];
  for (const [i, output] of outputs.entries()) {
    const asked = declarations.map((d) => declaredMetrics(d, i, names)).find((found) => found !== undefined);
    const prefix = several ? `${output.name}_` : "";
    for (const [j, wanted] of (asked ?? []).entries())
      labels.push({ keras: `${prefix}${shortened(wanted)}`, apts: `${prefix}${output.metrics[j]!.name}` });
  }
  const own = compiled?.slice(1); // without the loss
  return own?.length === labels.length ? labels.map(({ apts }, i) => ({ keras: own[i]!, apts })) : labels;
}

/** The measures of an epoch as Keras has them. */
export function logsOf(
  labels: readonly Label[],
  { loss, testLoss, metrics }: EpochMetrics,
  training: Readonly<Record<string, number>>,
): Logs {
  const logs: Logs = {};
  if (testLoss !== null) {
    logs["val_loss"] = testLoss;
    for (const { keras, apts } of labels) logs[`val_${keras}`] = metrics[apts]!;
  }
  logs["loss"] = loss;
  for (const { keras, apts } of labels) logs[keras] = training[apts]!;
  return logs;
}

/** Enters an epoch; those that were lost after a checkpoint, and are made again, take their places. */
export function enter(logs: Logs, epoch: number, { epoch: epochs, history }: History): void {
  while (epochs.length > 0 && epochs.at(-1)! >= epoch) {
    epochs.pop();
    for (const values of Object.values(history)) values.pop();
  }
  epochs.push(epoch);
  for (const [name, value] of Object.entries(logs)) (history[name] ??= []).push(value);
}

/** As TensorFlow.js shortens names in a history. */
function shortened(metric: string): string {
  if (metric === "accuracy") return "acc";
  return metric === "crossentropy" ? "ce" : metric;
}
