import { closest, distance } from "fastest-levenshtein";
import { choice, number, text, type OptionTable } from "../config/option.js";
import { resolveOptions } from "../config/resolve.js";
import { UsageError } from "../errors.js";
import {
  ACCURACY,
  METRIC_NAMES,
  metricNamed,
  metricNameIn,
  OF_CROSS_ENTROPY,
} from "../network/metrics/index.js";
import { partOf } from "../config/mapping.js";
import type { Target, Trial } from "./trial.js";

const targetTable = {
  metric: text({
    fallback: undefined,
    placeholder: "NAME",
    help: "loss, testLoss, testAccuracy or a metric",
  }),
  value: number({ fallback: undefined, help: "to reach" }),
  direction: choice(["min", "max"], { fallback: undefined, help: "whether less or more is better" }),
} satisfies OptionTable;

const NAMES = ["loss", "testLoss", "testAccuracy", ...METRIC_NAMES];

/** @throws UsageError for what is not as it should be, or cannot be reached */
export function targetOf(values: Readonly<Record<string, unknown>>, where: string): Target {
  const place = `a target of ${where}`;
  const { metric: written, value, direction } = resolveOptions(targetTable, [partOf(place, values)]);
  if (written === undefined || value === undefined)
    throw new UsageError(`Expected metric and value of ${place}, got ${JSON.stringify(values)}.`);
  const metric = reportedName(written);
  const known = directionOf(metric);
  if (known === undefined) return { metric, value, direction: ofOwn(metric, direction, place) };
  if (direction !== undefined && direction !== known)
    throw new UsageError(
      `Expected ${metric} in ${place} to have direction ${known}, got ${direction}. Leave the direction out.`,
    );
  // Of the metrics that apts knows, those that rise are shares.
  if (known === "max" && (value < 0 || value > 1)) {
    const advice = value > 1 && value <= 100 ? ` Say ${Number((value / 100).toPrecision(12))}.` : "";
    throw new UsageError(
      `Expected the value of ${metric} in ${place} to be a share from 0 to 1, got ${value}.${advice}`,
    );
  }
  return { metric, value, direction: known };
}

/** Of a metric that only a module knows, which may as well be a misspelt one. */
function ofOwn(
  metric: string,
  direction: Target["direction"] | undefined,
  place: string,
): Target["direction"] {
  const nearest = closest(metric, NAMES);
  const isNear = distance(metric, nearest) <= Math.max(1, metric.length / 6); // "miss" is no misspelt loss
  if (direction !== undefined && !isNear) return direction;
  throw new UsageError(
    `Expected the metric of ${place} to be one that is known, got "${metric}". ` +
      (isNear
        ? `Did you mean "${nearest}"?`
        : 'If it is one of your own, say "direction: min" or "direction: max".'),
  );
}

/** As measurements call it: `mae` is meanAbsoluteError, `a_mae` that of output a. */
function reportedName(metric: string): string {
  const name = metricNameIn(metric);
  const ofOutput = metric.indexOf("_");
  if (name !== metric || ofOutput <= 0) return name;
  return metric.slice(0, ofOutput + 1) + reportedName(metric.slice(ofOutput + 1));
}

/** Whether a metric is to fall or to rise; undefined for one that nobody knows. Of several outputs, OUTPUT_NAME. */
function directionOf(metric: string): Target["direction"] | undefined {
  if (metric === "testAccuracy") return "max";
  if (/^(loss|testLoss|.+_loss)$/.test(metric)) return "min";
  if (metric === ACCURACY) return "max";
  if ((OF_CROSS_ENTROPY as readonly string[]).includes(metric)) return "min";
  const known = metricNamed(metric);
  if (known) return known.rises ? "max" : "min";
  const ofOutput = metric.indexOf("_");
  return ofOutput > 0 ? directionOf(metric.slice(ofOutput + 1)) : undefined;
}

/** A sentence for each workload and target whose metric none of the trials measured, of those that measured at all. */
export function unmeasured(
  workloads: readonly { readonly name: string; readonly targets: readonly Target[] }[],
  trials: readonly Trial[],
): string[] {
  return workloads.flatMap(({ name, targets }) => {
    const own = trials.filter(({ workload }) => workload === name);
    const seen = new Set(
      own.flatMap(({ measurements }) => measurements.flatMap((one) => Object.keys(one.values))),
    );
    const missed = new Set(targets.map(({ metric }) => metric).filter((metric) => !seen.has(metric)));
    if (seen.size === 0) return [];
    return [...missed].map(
      (metric) =>
        `Expected trials of workload ${name} to measure ${metric}, a target's, got ${[...seen].join(", ")}. ` +
        "Name one of these, or say it in metrics of train.",
    );
  });
}
