import picocolors from "picocolors";
import { drawnTable, printableLine } from "../terminal.js";
import {
  formatBytes,
  formatCount,
  formatMagnitude,
  formatPlural,
  formatRemaining,
  formatSeconds,
  formatShare,
  formatShort,
} from "./format.js";
import type { EpochMetrics } from "./metrics.js";
import type { StagesSummary, Summary } from "./summary.js";

type ProgressFields = Pick<
  EpochMetrics,
  "epoch" | "loss" | "testLoss" | "testAccuracy" | "radius" | "accepted" | "steps"
>;

const WIDTH = 60;

/**
 * One line for an epoch that has ended, of at most 60 columns that stay put from line to line; `secondsLeft` where
 * that can be told. Where there is no room for all, the radius goes first.
 */
export function progressLine(
  metrics: ProgressFields,
  epochs: number,
  secondsLeft: number | undefined,
  colour: boolean,
): string {
  const { dim, bold, yellow } = picocolors.createColors(colour);
  const { epoch, loss, testLoss, testAccuracy, radius, accepted, steps } = metrics;
  const part = (name: string, value: string, style = (text: string) => text) => ({
    width: name.length + 1 + value.length,
    text: `${dim(name)} ${style(value)}`,
  });
  const parts = [
    part("epoch", `${String(epoch).padStart(String(epochs).length)}/${epochs}`),
    part("loss", formatShort(loss).padStart(6)),
    ...(testAccuracy !== null
      ? [part("test", `${(100 * testAccuracy).toFixed(2)}%`.padStart(6), bold)]
      : testLoss !== null
        ? [part("test", formatShort(testLoss).padStart(6), bold)]
        : []),
  ];
  const room = (): number => WIDTH - parts.reduce((sum, { width }) => sum + width + 2, 0);
  const left = secondsLeft === undefined ? undefined : `${formatRemaining(secondsLeft)} left`.padStart(9);
  // Accepting is the rule; what is worth a word is that it did not happen.
  const verdict = steps === 1 ? "rejected" : `${accepted}/${steps} ok`;
  if (accepted < steps) parts.push({ width: verdict.length, text: yellow(verdict.padEnd(8)) });
  else if (radius !== null) {
    const shown = part("Δ", formatShort(radius).padStart(6));
    if (shown.width + (left?.length ?? -2) + 2 <= room()) parts.push(shown);
  }
  if (left !== undefined && left.length <= room()) parts.push({ width: left.length, text: dim(left) });
  return parts.map(({ text }) => text).join("  ");
}

/** Why a run ended. */
export const ENDINGS: Readonly<Record<Summary["ended"], string>> = {
  epochs: "all epochs done",
  accuracy: "test accuracy reached",
  metric: "--stop-at reached",
  patience: "no better epoch for --patience epochs",
  seconds: "--max-seconds used",
  gradients: "--max-gradients used",
  stopped: "stopped on request",
  program: "stopped by a callback",
  converged: "converged: the gradient is below --tolerance",
  stalled: "stalled: five steps in a row lowered nothing",
};

function rowsOfStages({ counted, countedOfWhole, peakMemory, bubble }: StagesSummary): [string, string][] {
  const each = peakMemory.map((peak, i) => `${formatBytes(peak)} (${formatBytes(counted[i]!)})`);
  const most = (Math.max(...counted) / countedOfWhole).toFixed(2);
  const measured = bubble.measured === null ? "no pass" : formatShare(bubble.measured);
  return [
    [
      "of the stages",
      `${each.join(", ")} (as counted, without the process itself: at most ${most} of one rank's)`,
    ],
    ["bubble", `${measured} of a pass (stages that take the same time: ${formatShare(bubble.formula)})`],
  ];
}

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
    ...(summary.testAccuracy === null
      ? []
      : [
          [
            "test accuracy",
            `${bold(formatShare(summary.testAccuracy))} (best ${formatShare(summary.bestTestAccuracy!)})`,
          ] as const,
        ]),
    ...Object.entries(summary.metrics)
      .filter(([name]) => name !== "accuracy")
      .map(([name, value]) => [`test ${name}`, formatMagnitude(value)] as const),
    ...(summary.testLoss === null ? [] : [["test loss", formatMagnitude(summary.testLoss)] as const]),
    ["training loss", formatMagnitude(summary.loss)],
    ["epochs", `${formatCount(summary.epochs)}, ${ENDINGS[summary.ended]}`],
    ...(summary.modelEpoch === summary.epochs
      ? []
      : [["model", `of epoch ${formatCount(summary.modelEpoch)}, the best`] as const]),
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
    ...(summary.stages ? rowsOfStages(summary.stages) : []),
    ["written to", printableLine(summary.out)],
  ];
  return drawnTable(
    rows.map(([name, value]) => [dim(name), value]),
    { style: { compact: true } },
  );
}
