import { sumOf } from "../averages.js";
import type { Communicator } from "../comm/communicator.js";
import { EvaluationCount } from "../network/rank-network.js";
import { StepParts } from "./step-parts.js";

/** What a stretch of a run took, of all ranks together. */
export interface Consumption extends Readonly<EvaluationCount> {
  readonly bytesSent: number;
  /** The largest of any rank, not a sum. */
  readonly peakMemory: number;
  /** Rank 0's. */
  readonly seconds: number;
}

/** Measures what a run takes. Time and traffic count between `go` and `pause`: that of training, not of its evaluation. */
export class Meter {
  readonly parts: StepParts;
  #seconds = 0;
  #bytesSent = 0;
  #since = { time: 0, bytes: 0 };

  constructor(
    private readonly comm: Communicator,
    private readonly count: EvaluationCount,
    /** Copies of the network, each of which makes a local evaluation on its share of the samples. */
    private readonly replicas: number,
    epochSteps: number,
  ) {
    this.parts = new StepParts(comm, epochSteps);
  }

  go(): void {
    this.parts.go();
    this.#since = { time: performance.now(), bytes: this.comm.traffic.bytesSent };
  }

  pause(): void {
    this.parts.pause();
    this.#seconds += (performance.now() - this.#since.time) / 1000;
    this.#bytesSent += this.comm.traffic.bytesSent - this.#since.bytes;
  }

  /** What was measured since it was last read. Collective. */
  async read(): Promise<Consumption> {
    const { globalLosses, globalGradients, localLosses, localGradients } = this.count;
    const ranks = await this.comm.allgatherObject({
      localLosses,
      localGradients,
      bytesSent: this.#bytesSent,
      memory: process.resourceUsage().maxRSS * 1024,
      seconds: this.#seconds,
    });
    Object.assign(this.count, new EvaluationCount());
    this.#seconds = 0;
    this.#bytesSent = 0;
    return {
      globalLosses,
      globalGradients,
      localLosses: sumOf(ranks.map((rank) => rank.localLosses)) / this.replicas,
      localGradients: sumOf(ranks.map((rank) => rank.localGradients)) / this.replicas,
      bytesSent: sumOf(ranks.map((rank) => rank.bytesSent)),
      peakMemory: Math.max(...ranks.map((rank) => rank.memory)),
      seconds: ranks[0]!.seconds,
    };
  }
}
