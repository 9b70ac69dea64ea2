import Table from "cli-table3";
import picocolors from "picocolors";
import { printableLine } from "../terminal.js";
import {
  formatBytes,
  formatCount,
  formatMagnitude,
  formatPlural,
  formatSeconds,
  formatShare,
} from "./format.js";
import type { EpochMetrics } from "./metrics.js";
import type { Summary } from "./summary.js";

type ProgressFields = Pick<
  EpochMetrics,
  "epoch" | "seconds" | "loss" | "testAccuracy" | "radius" | "accepted" | "steps"
>;

/** One line for an epoch that has ended, in columns that stay put from line to line. */
export function progressLine(metrics: ProgressFields, epochs: number, colour: boolean): string {
  const { dim, bold, yellow } = picocolors.createColors(colour);
  const digits = String(epochs).length;
  const { epoch, loss, testAccuracy, radius, accepted, steps, seconds } = metrics;
  const label = (name: string, value: string, width: number): string =>
    `${dim(name)} ${value.padStart(width)}`;
  const parts = [
    label("epoch", `${String(epoch).padStart(digits)}/${epochs}`, 2 * digits + 1),
    label("loss", formatMagnitude(loss), 8),
    `${dim("test")} ${bold(formatShare(testAccuracy).padStart(8))}`,
    ...(radius === null ? [] : [label("radius", formatMagnitude(radius), 8)]),
    label("time", formatSeconds(seconds), 12),
  ];
  // Accepting is the rule; what is worth a word is that it did not happen.
  if (accepted < steps)
    parts.push(yellow(steps === 1 ? "rejected" : `${steps - accepted} of ${steps} rejected`));
  return parts.join("  ");
}

/** Why a run ended. */
export const ENDINGS: Readonly<Record<Summary["ended"], string>> = {
  epochs: "all epochs done",
  accuracy: "test accuracy reached",
  stopped: "stopped on request",
  converged: "converged: the gradient is below --tolerance",
  stalled: "stalled: five steps in a row lowered nothing",
};

/** What came out of a run, as a table. */
export function finalTable(summary: Summary, colour: boolean): string {
  const { bold, dim } = picocolors.createColors(colour);
  const { ranks, subdomains } = summary;
  const rows: readonly (readonly [string, string])[] = [
    ["method", `${summary.method} on ${printableLine(summary.data)}`],
    [
      "",
      `${formatPlural(ranks, "rank")}, ${formatPlural(subdomains, "subdomain")}, ${formatPlural(summary.parameters, "parameter")}`,
    ],
    [
      "test accuracy",
      `${bold(formatShare(summary.testAccuracy))} (best ${formatShare(summary.bestTestAccuracy)})`,
    ],
    ["test loss", formatMagnitude(summary.testLoss)],
    ["training loss", formatMagnitude(summary.loss)],
    ["epochs", `${formatCount(summary.epochs)}, ${ENDINGS[summary.ended]}`],
    [
      "time",
      `${formatSeconds(summary.seconds)}, ${formatSeconds(summary.seconds / summary.epochs)} an epoch`,
    ],
    [
      "evaluations",
      `${formatCount(summary.lossEvaluations)} losses, ${formatCount(summary.gradientEvaluations)} gradients (full batch)`,
    ],
    ["bytes sent", formatBytes(summary.bytesSent)],
    ["peak memory", `${formatBytes(summary.peakMemory)} (largest rank)`],
    ["written to", printableLine(summary.out)],
  ];
  // cli-table3 colours by itself unless told otherwise
  const table = new Table({ style: { head: [], border: [], compact: true } });
  for (const [name, value] of rows) table.push([dim(name), value]);
  return table.toString();
}
