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

/** What a function of the user's own is given to evaluate on: some samples of a batch. */
export interface ObjectiveCall {
  readonly tf: typeof tf;
  /** To be applied to tensors, also within `tf.grad`: derivatives by its inputs are differentiable by its weights. */
  readonly model: tf.LayersModel;
  /** (rows, ...shape), one for each input field of the data, and for each target. */
  readonly inputs: readonly tf.Tensor[];
  readonly targets: readonly tf.Tensor[];
}

/**
 * A function of the model and a batch to minimise: its mean over the samples given, as a scalar, or what it is for each
 * of them (rows). Terms that do not depend on the samples count once.
 */
export type OwnObjective = (call: ObjectiveCall) => tf.Tensor;

/** What a network is trained for: the weighted sum of the mean losses of its outputs, or an objective of one's own. */
export interface Goal {
  readonly outputs: readonly OutputGoal[];
  /** In place of losses; there are no outputs then. */
  readonly objective?: OwnObjective | undefined;
}
