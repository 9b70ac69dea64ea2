import type { tf } from "../../compute/tensorflow.js";
import type { Ending } from "../inspect/output.js";
import type { Loss } from "../losses/loss.js";
import type { Metric } from "../metrics/metric.js";

/** A loss of the user's own, as `compile` takes it: known to TensorFlow.js alone. */
export interface OwnLoss {
  readonly name: string;
  readonly targets: "numbers";
  readonly ofRow?: undefined;
  /** (rows, …)² → (rows, …), or the mean over all as a scalar */
  readonly ofTensors: (y: tf.Tensor, p: tf.Tensor) => tf.Tensor;
}

/** What one output of a model is trained for. */
export interface OutputGoal {
  readonly name: string;
  /** Of what the output is without `folded`. */
  readonly loss: Loss | OwnLoss;
  /** The layer whose softmax or sigmoid is left out in training, since the loss has it. */
  readonly folded: Extract<Ending, { kind: "foldable" }> | undefined;
  /** What makes predictions, which metrics are of, out of what the loss is of. */
  readonly link: "softmax" | "sigmoid" | "none";
  /** The loss as `model.evaluate` has it: of predictions where something is folded, else of the same as `loss`. */
  readonly reported: Loss | OwnLoss;
  /** What it counts in the sum over outputs. */
  readonly weight: number;
  readonly metrics: readonly Metric[];
  /** Of the targets, as they are handed to the loss. */
  readonly targetShape: readonly number[];
  /** Of the output: the last side, and the product of the others. */
  readonly width: number;
  readonly positions: number;
}

/** What a network is trained for: the weighted sum of the mean losses of its outputs. */
export interface Goal {
  readonly outputs: readonly OutputGoal[];
}
