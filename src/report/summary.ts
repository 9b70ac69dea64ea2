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
  /**
   * Why the run ended: all epochs done, `--stop-at-accuracy` reached, a stop asked for, the gradient below
   * `--tolerance`, or five iterations in a row without a step that lowers the loss (full batch).
   */
  readonly ended: "epochs" | "accuracy" | "stopped" | "converged" | "stalled";
  readonly out: string;
}
