import type { EpochMetrics } from "../report/metrics.js";
import type { Summary } from "../report/summary.js";
import type { Position } from "./ledger.js";

/** What the run tells its observer, on rank 0. */
export type RunEvent =
  | ({
      readonly type: "start";
      readonly backend: string;
      readonly trainSamples: number;
      readonly testSamples: number;
      /** 1: the network is whole on every rank. */
      readonly stages: number;
      /** In how many parts a mini-batch goes through the stages; 1 without any. */
      readonly microBatches: number;
      /** What is minimised: the losses of the outputs. */
      readonly losses: readonly string[];
    } & Pick<Summary, "method" | "data" | "ranks" | "subdomains" | "parameters" | "epochs" | "out">)
  /** The run goes on from the checkpoint `file`; `finished`: nothing is left to do, and why. */
  | {
      readonly type: "resume";
      readonly file: string;
      readonly from: Position;
      readonly finished?: Summary["ended"] | undefined;
    }
  | { readonly type: "epoch"; readonly metrics: EpochMetrics }
  | { readonly type: "checkpoint"; readonly file: string }
  /** Something is not as it should be, and the run goes on. */
  | { readonly type: "warning"; readonly message: string }
  /** What a model of text writes, once it is trained. */
  | { readonly type: "sample"; readonly text: string }
  | { readonly type: "done"; readonly summary: Summary };
