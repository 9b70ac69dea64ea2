import type { StepReport } from "../methods/method.js";
import type { EpochMetrics } from "../report/metrics.js";
import type { Scalars } from "./tracker.js";

/**
 * The measures of an epoch under the names that Keras and its trackers use.
 * @param training metrics of the training samples, by name, where they are measured
 */
export function scalarsOfEpoch(line: EpochMetrics, training: Readonly<Record<string, number>>): Scalars {
  const heldBack = Object.entries(line.metrics).map(([name, value]) => [`val_${name}`, value]);
  return {
    loss: line.loss,
    ...training,
    val_loss: line.testLoss,
    ...(Object.fromEntries(heldBack) as Record<string, number>),
    radius: line.radius,
    accepted: line.accepted,
    steps: line.steps,
    loss_evals: line.lossEvaluations,
    grad_evals: line.gradientEvaluations,
    bytes_sent: line.bytesSent,
    running_time: line.seconds,
  };
}

/** What a step knows of itself: nothing is evaluated for it. */
export function scalarsOfStep({ loss, radius, gradientNorm, accepted }: StepReport): Scalars {
  return { loss, radius: radius ?? null, gradient_norm: gradientNorm, accepted: accepted ? 1 : 0 };
}
