import type { EpochMetrics } from "../report/metrics.js";
import type { Summary } from "../report/summary.js";

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
