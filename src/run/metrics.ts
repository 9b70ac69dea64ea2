/** One line of `metrics.jsonl`: the state of the run at the end of an epoch. */
export interface EpochMetrics {
  readonly epoch: number;
  /** Seconds of training since the run began, evaluation on the test set left out. */
  readonly seconds: number;
  /** Mean over the epoch's batches of the loss after the step. */
  readonly loss: number;
  readonly testLoss: number;
  /** Share, 0 to 1. */
  readonly testAccuracy: number;
  /** Δ; null for methods without one. */
  readonly radius: number | null;
  /** Steps accepted in this epoch. */
  readonly accepted: number;
  /** Steps made in this epoch. */
  readonly steps: number;
  /** Passes over the training set since the run began; a local one counts 1/N, its share of the parameters. */
  readonly lossEvaluations: number;
  readonly gradientEvaluations: number;
  /** Sent by all ranks since the run began. */
  readonly bytesSent: number;
}

/** `summary.json`: how the run ended. */
export interface Summary {
  readonly method: string;
  readonly data: string;
  readonly ranks: number;
  readonly subdomains: number;
  readonly parameters: number;
  readonly epochs: number;
  readonly seconds: number;
  readonly loss: number;
  readonly testLoss: number;
  readonly testAccuracy: number;
  readonly bestTestAccuracy: number;
  readonly lossEvaluations: number;
  readonly gradientEvaluations: number;
  readonly bytesSent: number;
  /** Largest resident memory of any rank, bytes. */
  readonly peakMemory: number;
  /** Why the run ended. */
  readonly ended: "epochs" | "accuracy" | "stopped";
  readonly out: string;
}

/** What the run tells its observer, on rank 0. */
export type RunEvent =
  | {
      readonly type: "start";
      readonly method: string;
      readonly data: string;
      readonly backend: string;
      readonly ranks: number;
      readonly subdomains: number;
      readonly parameters: number;
      readonly trainSamples: number;
      readonly testSamples: number;
      readonly epochs: number;
      readonly out: string;
    }
  | { readonly type: "epoch"; readonly metrics: EpochMetrics }
  | { readonly type: "done"; readonly summary: Summary };
