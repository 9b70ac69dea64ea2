import type { Communicator } from "../comm/communicator.js";
import type { StepReport } from "../methods/problem.js";
import type { EvaluationCount } from "../network/problem.js";
import type { Quality } from "./evaluate.js";
import type { EpochMetrics } from "../report/metrics.js";
import type { Summary } from "../report/summary.js";
import type { TrainConfig } from "./options.js";

/** Keeps the run's account: a line for each epoch, a summary at the end. Every rank keeps one, all the same. */
export class Ledger {
  #seconds = 0;
  #peakMemory = 0;
  #best = 0;
  #last: EpochMetrics | undefined;

  constructor(
    private readonly config: TrainConfig,
    private readonly comm: Communicator,
    private readonly count: EvaluationCount,
  ) {}

  /** Closes an epoch whose steps took `elapsed` seconds. Collective. */
  async close(
    epoch: number,
    steps: readonly StepReport[],
    elapsed: number,
    quality: Quality,
  ): Promise<EpochMetrics> {
    this.#seconds += elapsed;
    const { subdomains, batches } = this.config;
    const { globalLosses, globalGradients } = this.count;
    const ranks = await this.comm.allgatherObject({
      losses: this.count.localLosses,
      gradients: this.count.localGradients,
      bytes: this.comm.traffic.bytesSent,
      memory: process.resourceUsage().maxRSS * 1024,
    });
    this.#peakMemory = Math.max(...ranks.map((rank) => rank.memory));
    this.#best = Math.max(this.#best, quality.accuracy);
    const localLosses = sum(ranks.map((rank) => rank.losses));
    const localGradients = sum(ranks.map((rank) => rank.gradients));
    this.#last = {
      epoch,
      seconds: Math.round(this.#seconds * 1000) / 1000,
      loss: sum(steps.map((report) => report.loss)) / steps.length,
      testLoss: quality.loss,
      testAccuracy: quality.accuracy,
      radius: steps.at(-1)?.radius ?? null,
      accepted: steps.filter((report) => report.accepted).length,
      steps: steps.length,
      lossEvaluations: (globalLosses + localLosses / subdomains) / batches,
      gradientEvaluations: (globalGradients + localGradients / subdomains) / batches,
      bytesSent: sum(ranks.map((rank) => rank.bytes)),
    };
    return this.#last;
  }

  /** The summary after at least one epoch. */
  summary(data: string, parameters: number, ended: Summary["ended"], out: string): Summary {
    const { method, subdomains } = this.config;
    const { epoch, seconds, loss, testLoss, testAccuracy, lossEvaluations, gradientEvaluations, bytesSent } =
      this.#last!;
    return {
      method,
      data,
      ranks: this.comm.size,
      subdomains,
      parameters,
      epochs: epoch,
      seconds,
      loss,
      testLoss,
      testAccuracy,
      bestTestAccuracy: this.#best,
      lossEvaluations,
      gradientEvaluations,
      bytesSent,
      peakMemory: this.#peakMemory,
      ended,
      out,
    };
  }
}

function sum(values: readonly number[]): number {
  return values.reduce((a, b) => a + b, 0);
}
