import { ACCURACY, metricNamed, metricNameIn, OF_CROSS_ENTROPY } from "../network/metrics/index.js";
import type { Target } from "./trial.js";

/** Whether a metric is to fall or to rise; undefined for one that nobody knows. Of several outputs, OUTPUT_NAME. */
export function directionOf(metric: string): Target["direction"] | undefined {
  if (metric === "testAccuracy") return "max";
  if (/^(loss|testLoss|.+_loss)$/.test(metric)) return "min";
  const name = metricNameIn(metric);
  if (name === ACCURACY) return "max";
  if ((OF_CROSS_ENTROPY as readonly string[]).includes(name)) return "min";
  const known = metricNamed(name);
  if (known) return known.rises ? "max" : "min";
  const ofOutput = metric.indexOf("_");
  return ofOutput > 0 ? directionOf(metric.slice(ofOutput + 1)) : undefined;
}
