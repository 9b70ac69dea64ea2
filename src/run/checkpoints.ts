import type { Communicator } from "../comm/communicator.js";
import { decideOnRankZero } from "../methods/problem.js";
import type { CheckpointFolder } from "./checkpoint-folder.js";
import type { Identity } from "./identity.js";
import type { TrainConfig } from "./options.js";
import type { Reporter } from "./reporter.js";
import type { RunState } from "./run-state.js";

/** The share of a run's time that checkpoints may take where nobody says how often to write them. */
const SHARE = 0.05;

/** Writes the checkpoints of a run, on rank 0, when they are due. One that cannot be written stops nothing. */
export class Checkpoints {
  #lastEnded = performance.now();
  #lastTook = 0;

  constructor(
    private readonly config: TrainConfig,
    private readonly comm: Communicator,
    private readonly run: RunState,
    private readonly folder: CheckpointFolder,
    private readonly identity: Identity,
    private readonly reporter: Reporter,
  ) {}

  /** Whether this rank finds one due between two steps. */
  isDue(): boolean {
    return this.#sinceLast() >= this.config.checkpointMinutes * 60_000;
  }

  /** Writes one at the end of an epoch if it is due, or the last. Collective. */
  async afterEpoch(isLast: boolean): Promise<void> {
    const { epochs } = this.run.ledger.position;
    if (isLast || (await decideOnRankZero(this.comm)(() => this.#isDueAfter(epochs)))) await this.write();
  }

  /**
   * Collective.
   * @throws DivergedError rather than writing what no run could go on from
   */
  async write(): Promise<void> {
    this.run.divergence.beforeCheckpoint(this.run.optimizer.theta);
    const began = performance.now();
    const { position } = this.run.ledger;
    const checkpoint = await this.run.save(this.identity);
    if (this.comm.rank !== 0) return;
    await this.reporter.attempt("write a checkpoint", async () => {
      const model = await this.run.model();
      const file = await this.folder.write({ ...checkpoint, model }, position);
      this.reporter.log.info({ file, seconds: (performance.now() - began) / 1000 }, "checkpoint");
      this.reporter.tell({ type: "checkpoint", file });
    });
    this.#lastEnded = performance.now();
    this.#lastTook = this.#lastEnded - began;
  }

  #isDueAfter(epoch: number): boolean {
    const { checkpointEvery } = this.config;
    if (checkpointEvery !== undefined) return epoch % checkpointEvery === 0;
    return this.#sinceLast() * SHARE >= this.#lastTook;
  }

  #sinceLast(): number {
    return performance.now() - this.#lastEnded;
  }
}
