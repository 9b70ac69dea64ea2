import type { StepReport } from "../methods/method.js";
import type { Scores } from "../network/scores.js";
import type { EpochMetrics } from "../report/metrics.js";
import type { Summary } from "../report/summary.js";
import type { Consumption } from "./meter.js";
import type { Cut } from "./options/config.js";

/** How far a run has come: epochs closed, and steps of the next one. */
export interface Position {
  readonly epochs: number;
  readonly batches: number;
}

/** The steps of the epoch in progress. */
interface Steps {
  readonly made: number;
  readonly accepted: number;
  /** Σ of the losses they report. */
  readonly loss: number;
  /** Δ after the last of them. */
  readonly radius: number | null;
}

const noSteps: Steps = { made: 0, accepted: 0, loss: 0, radius: null };

/**
 * A run's account, of which come a line for each epoch and a summary at the end. The same on every rank and, but for
 * the seconds and bytes, whatever the number of ranks.
 */
export interface Ledger {
  /** Since the run began, as far as it has been entered. */
  readonly consumed: Consumption;
  /** The line of the last epoch closed. */
  readonly last: EpochMetrics | null;
  /** That of the best by what is monitored. */
  readonly best: EpochMetrics | null;
  readonly bestTestAccuracy: number | null;
  readonly steps: Steps;
}

export const newLedger: Ledger = {
  consumed: {
    globalLosses: 0,
    globalGradients: 0,
    localLosses: 0,
    localGradients: 0,
    bytesSent: 0,
    peakMemory: 0,
    seconds: 0,
  },
  last: null,
  best: null,
  bestTestAccuracy: null,
  steps: noSteps,
};

export function positionOf({ last, steps }: Ledger): Position {
  return { epochs: last?.epoch ?? 0, batches: steps.made };
}

export function withStep(ledger: Ledger, { loss, accepted, radius }: StepReport): Ledger {
  const { steps } = ledger;
  return {
    ...ledger,
    steps: {
      made: steps.made + 1,
      accepted: steps.accepted + (accepted ? 1 : 0),
      loss: steps.loss + loss,
      radius: radius ?? null,
    },
  };
}

/** Enters what was consumed since the last entry. */
export function withConsumption(ledger: Ledger, more: Consumption): Ledger {
  const { consumed } = ledger;
  return {
    ...ledger,
    consumed: {
      globalLosses: consumed.globalLosses + more.globalLosses,
      globalGradients: consumed.globalGradients + more.globalGradients,
      localLosses: consumed.localLosses + more.localLosses,
      localGradients: consumed.localGradients + more.localGradients,
      bytesSent: consumed.bytesSent + more.bytesSent,
      peakMemory: Math.max(consumed.peakMemory, more.peakMemory),
      seconds: consumed.seconds + more.seconds,
    },
  };
}

/**
 * Closes the epoch with the steps made, at least one, and what they consumed entered.
 * @param quality of the samples held back, where there are some
 * @param isBetter whether a line is better than that of the best epoch so far
 */
export function closed(
  ledger: Ledger,
  quality: Scores | undefined,
  { subdomains, batches }: { readonly subdomains: number } & Pick<Cut, "batches">,
  isBetter: (line: EpochMetrics, best: EpochMetrics) => boolean,
): Ledger & { readonly last: EpochMetrics } {
  const { made, accepted, loss, radius } = ledger.steps;
  const { consumed } = ledger;
  const last = {
    epoch: positionOf(ledger).epochs + 1,
    seconds: Math.round(consumed.seconds * 1000) / 1000,
    loss: loss / made,
    testLoss: quality?.loss ?? null,
    testAccuracy: quality?.metrics["accuracy"] ?? null,
    metrics: quality?.metrics ?? {},
    radius,
    accepted,
    steps: made,
    lossEvaluations: (consumed.globalLosses + consumed.localLosses / subdomains) / batches,
    gradientEvaluations: (consumed.globalGradients + consumed.localGradients / subdomains) / batches,
    bytesSent: consumed.bytesSent,
  };
  const { best, bestTestAccuracy } = ledger;
  return {
    consumed,
    last,
    best: best === null || isBetter(last, best) ? last : best,
    bestTestAccuracy: last.testAccuracy === null ? null : Math.max(bestTestAccuracy ?? 0, last.testAccuracy),
    steps: noSteps,
  };
}

/**
 * The summary after at least one epoch.
 * @param keepsBest whether the model of the best epoch is handed back, not the last: losses and metrics are its own
 */
export function summaryOf(
  { last, best, bestTestAccuracy, consumed: { peakMemory } }: Ledger,
  keepsBest: boolean,
  run: Pick<Summary, "method" | "data" | "ranks" | "subdomains" | "parameters" | "ended" | "out" | "stages">,
): Summary {
  const { epoch, seconds, lossEvaluations, gradientEvaluations, bytesSent } = last!;
  const { epoch: modelEpoch, loss, testLoss, testAccuracy, metrics } = (keepsBest ? best : last)!;
  const { ended, out, ...what } = run;
  return {
    ...what,
    epochs: epoch,
    seconds,
    loss,
    testLoss,
    testAccuracy,
    bestTestAccuracy,
    metrics,
    modelEpoch,
    lossEvaluations,
    gradientEvaluations,
    bytesSent,
    peakMemory,
    ended,
    out,
  };
}
