/** What a network in stages took. */
export interface StagesSummary {
  /** By stage: bytes that were counted for parameters, all that is as long, and results, */
  readonly counted: readonly number[];
  /** and of the whole network on one rank, with as large micro-batches, */
  readonly countedOfWhole: number;
  /** and the largest resident memory of its ranks, with what a process takes by itself. */
  readonly peakMemory: readonly number[];
  /**
   * The share of a pass there and back that a stage waits for others: as measured, null without a pass, and (S − 1)/(M + S − 1) of S
   * stages that take as long as each other, with M micro-batches.
   */
  readonly bubble: { readonly measured: number | null; readonly formula: number };
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
  /** Of the samples held back: of the model handed back, null without any. */
  readonly testLoss: number | null;
  readonly testAccuracy: number | null;
  readonly bestTestAccuracy: number | null;
  readonly metrics: Readonly<Record<string, number>>;
  /** The epoch whose model is handed back: the last, or the best with `--keep-best`. */
  readonly modelEpoch: number;
  readonly lossEvaluations: number;
  readonly gradientEvaluations: number;
  readonly bytesSent: number;
  /** Largest resident memory of any rank, bytes. */
  readonly peakMemory: number;
  /** Where the network was in stages. */
  readonly stages?: StagesSummary;
  /**
   * Why the run ended: all epochs done, `--stop-at-accuracy` or `--stop-at` reached, no better epoch for `--patience`,
   * `--max-seconds` or `--max-gradients` used, a stop asked for, the program's callbacks (`fit`), the gradient below `--tolerance`, or five iterations in a row without a step that lowers the loss
   * (full batch).
   */
  readonly ended:
    | "epochs"
    | "accuracy"
    | "metric"
    | "patience"
    | "seconds"
    | "gradients"
    | "stopped"
    | "program"
    | "converged"
    | "stalled";
  readonly out: string;
}
