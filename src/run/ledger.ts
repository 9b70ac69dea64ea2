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
  /** Of the last epoch closed. */
  readonly last: EpochMetrics | null;
  readonly bestTestAccuracy: number;
  readonly steps: Steps;
}

/** The steps of the epoch in progress. */
interface Steps {
  readonly made: number;
  readonly accepted: number;
  /** Σ of the losses they report. */
  readonly loss: number;
  /** Δ after the last of them. */
  readonly radius: number | null;
}

const noSteps: Steps = { made: 0, accepted: 0, loss: 0, radius: null };

/**
 * Keeps the run's account: a line for each epoch, a summary at the end. Every rank keeps one, all the same but for
 * the seconds. Time and traffic count between `go` and `pause`: that of training, not of its evaluation.
 */
export class Ledger {
  #last: EpochMetrics | undefined;
  #bestTestAccuracy = 0;
  #steps = noSteps;
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
    return { epochs: this.#last?.epoch ?? 0, batches: this.#steps.made };
  }

  /** The line of the last epoch closed. */
  get last(): EpochMetrics | undefined {
    return this.#last;
  }

  go(): void {
    this.#since = { time: performance.now(), bytes: this.comm.traffic.bytesSent };
  }

  pause(): void {
    this.#seconds += (performance.now() - this.#since.time) / 1000;
    this.#bytesSent += this.comm.traffic.bytesSent - this.#since.bytes;
  }

  addStep({ loss, accepted, radius }: StepReport): void {
    const soFar = this.#steps;
    this.#steps = {
      made: soFar.made + 1,
      accepted: soFar.accepted + (accepted ? 1 : 0),
      loss: soFar.loss + loss,
      radius: radius ?? null,
    };
  }

  /** Closes the epoch with the steps made, at least one. Collective. */
  async close(quality: Quality): Promise<EpochMetrics> {
    const { subdomains, batches } = this.config;
    const { made, accepted, loss, radius } = this.#steps;
    const sums = await this.#sums();
    const metrics = {
      epoch: this.position.epochs + 1,
      seconds: Math.round(this.#seconds * 1000) / 1000,
      loss: loss / made,
      testLoss: quality.loss,
      testAccuracy: quality.accuracy,
      radius,
      accepted,
      steps: made,
      lossEvaluations: (sums.globalLosses + sums.localLosses / subdomains) / batches,
      gradientEvaluations: (sums.globalGradients + sums.localGradients / subdomains) / batches,
      bytesSent: sums.bytesSent,
    };
    this.#last = metrics;
    this.#bestTestAccuracy = Math.max(this.#bestTestAccuracy, metrics.testAccuracy);
    this.#steps = noSteps;
    return metrics;
  }

  /** Collective. */
  async save(): Promise<LedgerState> {
    return {
      ...(await this.#sums()),
      seconds: this.#seconds,
      last: this.#last ?? null,
      bestTestAccuracy: this.#bestTestAccuracy,
      steps: this.#steps,
    };
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
    this.#last = state.last ?? undefined;
    this.#bestTestAccuracy = state.bestTestAccuracy;
    this.#steps = state.steps;
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
      bestTestAccuracy: this.#bestTestAccuracy,
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
