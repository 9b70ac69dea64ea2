import type { Communicator } from "../comm/communicator.js";
import type { StepReport } from "../methods/problem.js";
import type { EvaluationCount } from "../network/problem.js";
import type { Quality } from "./evaluate.js";
import type { EpochMetrics } from "../report/metrics.js";
import type { Summary } from "../report/summary.js";
import type { TrainConfig } from "./options.js";

/** How far a run has come: epochs closed, and steps of the next one. */
export interface Position {
  readonly epochs: number;
  readonly batches: number;
}

/** Sums over all ranks since the run began. */
interface Sums {
  readonly globalLosses: number;
  readonly globalGradients: number;
  readonly localLosses: number;
  readonly localGradients: number;
  readonly bytesSent: number;
  /** The largest of any rank, not a sum. */
  readonly peakMemory: number;
}

/** The account as a checkpoint keeps it, the same whatever the number of ranks. */
export interface LedgerState extends Sums {
  readonly seconds: number;
  /** Of the epochs closed. */
  readonly metrics: readonly EpochMetrics[];
  /** Of the epoch in progress. */
  readonly steps: readonly StepReport[];
}

/**
 * Keeps the run's account: a line for each epoch, a summary at the end. Every rank keeps one, all the same but for
 * the seconds. Time and traffic count between `go` and `pause`: that of training, not of its evaluation.
 */
export class Ledger {
  #metrics: EpochMetrics[] = [];
  #steps: StepReport[] = [];
  #seconds = 0;
  /** This rank's; rank 0's holds what all ranks sent before a resume, as its counts do. */
  #bytesSent = 0;
  #peakMemory = 0;
  #since = { time: 0, bytes: 0 };

  constructor(
    private readonly config: TrainConfig,
    private readonly comm: Communicator,
    private readonly count: EvaluationCount,
  ) {}

  get position(): Position {
    return { epochs: this.#metrics.at(-1)?.epoch ?? 0, batches: this.#steps.length };
  }

  /** A line for each epoch closed. */
  get metrics(): readonly EpochMetrics[] {
    return this.#metrics;
  }

  go(): void {
    this.#since = { time: performance.now(), bytes: this.comm.traffic.bytesSent };
  }

  pause(): void {
    this.#seconds += (performance.now() - this.#since.time) / 1000;
    this.#bytesSent += this.comm.traffic.bytesSent - this.#since.bytes;
  }

  addStep(report: StepReport): void {
    this.#steps.push(report);
  }

  /** Closes the epoch with the steps made, at least one. Collective. */
  async close(quality: Quality): Promise<EpochMetrics> {
    const { subdomains, batches } = this.config;
    const steps = this.#steps;
    const sums = await this.#sums();
    const metrics = {
      epoch: this.position.epochs + 1,
      seconds: Math.round(this.#seconds * 1000) / 1000,
      loss: sum(steps.map((report) => report.loss)) / steps.length,
      testLoss: quality.loss,
      testAccuracy: quality.accuracy,
      radius: steps.at(-1)?.radius ?? null,
      accepted: steps.filter((report) => report.accepted).length,
      steps: steps.length,
      lossEvaluations: (sums.globalLosses + sums.localLosses / subdomains) / batches,
      gradientEvaluations: (sums.globalGradients + sums.localGradients / subdomains) / batches,
      bytesSent: sums.bytesSent,
    };
    this.#metrics.push(metrics);
    this.#steps = [];
    return metrics;
  }

  /** Collective. */
  async save(): Promise<LedgerState> {
    return { ...(await this.#sums()), seconds: this.#seconds, metrics: this.#metrics, steps: this.#steps };
  }

  /** Goes on where `state` was saved, by any number of ranks. */
  restore(state: LedgerState): void {
    const mine = this.comm.rank === 0 ? state : undefined;
    this.count.globalLosses = state.globalLosses;
    this.count.globalGradients = state.globalGradients;
    this.count.localLosses = mine?.localLosses ?? 0;
    this.count.localGradients = mine?.localGradients ?? 0;
    this.#bytesSent = mine?.bytesSent ?? 0;
    this.#peakMemory = state.peakMemory;
    this.#seconds = state.seconds;
    this.#metrics = [...state.metrics];
    this.#steps = [...state.steps];
  }

  /** The summary after at least one epoch. */
  summary(data: string, parameters: number, ended: Summary["ended"], out: string): Summary {
    const { method, subdomains } = this.config;
    const { epoch, seconds, loss, testLoss, testAccuracy, lossEvaluations, gradientEvaluations, bytesSent } =
      this.#metrics.at(-1)!;
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
      bestTestAccuracy: this.#metrics.reduce((best, line) => Math.max(best, line.testAccuracy), 0),
      lossEvaluations,
      gradientEvaluations,
      bytesSent,
      peakMemory: this.#peakMemory,
      ended,
      out,
    };
  }

  async #sums(): Promise<Sums> {
    const { globalLosses, globalGradients } = this.count;
    const ranks = await this.comm.allgatherObject({
      localLosses: this.count.localLosses,
      localGradients: this.count.localGradients,
      bytesSent: this.#bytesSent,
      memory: process.resourceUsage().maxRSS * 1024,
    });
    this.#peakMemory = Math.max(this.#peakMemory, ...ranks.map((rank) => rank.memory));
    return {
      globalLosses,
      globalGradients,
      localLosses: sum(ranks.map((rank) => rank.localLosses)),
      localGradients: sum(ranks.map((rank) => rank.localGradients)),
      bytesSent: sum(ranks.map((rank) => rank.bytesSent)),
      peakMemory: this.#peakMemory,
    };
  }
}

function sum(values: readonly number[]): number {
  return values.reduce((a, b) => a + b, 0);
}
