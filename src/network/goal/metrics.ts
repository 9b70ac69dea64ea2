import { UsageError } from "../../errors.js";
import {
  accuracyFor,
  bitsOf,
  METRIC_NAMES,
  metricNamed,
  metricOfLoss,
  OF_CROSS_ENTROPY,
  perplexityOf,
} from "../metrics/index.js";
import { categoricalCrossentropy, sparseCategoricalCrossentropy } from "../losses/classification.js";
import { plain } from "../losses/index.js";
import type { Metric } from "../metrics/metric.js";
import type { OutputGoal } from "./goal.js";
import type { TargetKind } from "./resolve.js";

/**
 * The metrics of an output: those asked for, else accuracy where classes are predicted, and of text how sure the model
 * is of the next symbol.
 * @throws UsageError where one is unknown, or does not fit the targets
 */
export function metricsFor(
  goal: Omit<OutputGoal, "metrics">,
  asked: readonly string[] | undefined,
  { classes, names }: TargetKind,
): Metric[] {
  if (asked) return asked.map((name) => metricFor(goal, name));
  const classifies = goal.link !== "none" || classes !== undefined;
  if (!classifies || !goal.loss.ofRow) return [];
  const isText = names !== undefined && goal.positions > 1 && goal.link === "softmax";
  return ["accuracy", ...(isText ? OF_CROSS_ENTROPY : [])].map((name) => metricFor(goal, name));
}

function metricFor(goal: Omit<OutputGoal, "metrics">, name: string): Metric {
  const { loss, link, width } = goal;
  const wanted = plain(name);
  if (wanted === "accuracy" || wanted === "acc") {
    return { ...accuracyFor(width, link === "sigmoid", loss.targets), name: "accuracy" };
  }
  const ofCrossEntropy = OF_CROSS_ENTROPY.find((own) => plain(own) === wanted);
  if (ofCrossEntropy) {
    const probabilities = loss.ofRow && link === "softmax" ? crossEntropyOf(loss.targets) : undefined;
    if (!probabilities) {
      throw new UsageError(
        `Expected a cross-entropy of classes for the metric ${name}, got ${loss.name} of "${goal.name}".`,
      );
    }
    return ofCrossEntropy === "perplexity" ? perplexityOf(probabilities) : bitsOf(probabilities);
  }
  if (wanted === "crossentropy" || wanted === "ce") {
    const own =
      link === "sigmoid" || width === 1
        ? metricNamed("binaryCrossentropy")!
        : metricOfLoss(crossEntropyOf(loss.targets));
    return { ...own, name: "crossentropy" };
  }
  const metric = metricNamed(name);
  if (!metric) {
    throw new UsageError(`Expected metrics among ${METRIC_NAMES.join(", ")}, got "${name}".`);
  }
  if (metric.targets === loss.targets) return metric;
  const sparse = metricNamed(`sparse${metric.name}`);
  if (sparse && loss.targets === "classes") return { ...sparse, name: metric.name };
  throw new UsageError(
    `Expected a metric of ${loss.targets === "classes" ? "class numbers" : "numbers"}, as the loss ${loss.name} of "${goal.name}" takes, got ${name}.`,
  );
}

function crossEntropyOf(targets: "numbers" | "classes") {
  return targets === "classes" ? sparseCategoricalCrossentropy : categoricalCrossentropy;
}
