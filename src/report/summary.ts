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
