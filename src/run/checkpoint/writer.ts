import type { Communicator } from "../../comm/communicator.js";
import { decideOnRankZero } from "../../methods/problem.js";
import { writeParts } from "./parts.js";
import type { CheckpointFolder } from "./store.js";
import type { Identity } from "./identity.js";
import type { Reporter } from "../reporter.js";
import type { StagesOfRun } from "../stages/stages-of-run.js";
import type { TrainingRun } from "../training-run.js";

/** The share of a run's time that checkpoints may take where nobody says how often to write them. */
const SHARE = 0.05;

/** What is written, when, and where. */
interface CheckpointedRun {
  readonly comm: Communicator;
  readonly run: TrainingRun;
  readonly identity: Identity;
  readonly folder: CheckpointFolder;
  /** Where the network is in stages. */
  readonly stages: StagesOfRun | undefined;
  readonly reporter: Reporter;
  /** Epochs from one to the next; undefined: as often as takes little time. */
  readonly every: number | undefined;
  /** Minutes after which one is due within an epoch, too. */
  readonly minutes: number;
}

/** Writes the checkpoints of a run when they are due, on rank 0; of a network in stages, each stage its part. One that cannot be written stops nothing. */
export class Checkpoints {
  #lastEnded = performance.now();
  #lastTook = 0;

  constructor(private readonly of: CheckpointedRun) {}

  /** Whether this rank finds one due between two steps. */
  isDue(): boolean {
    return this.#sinceLast() >= this.of.minutes * 60_000;
  }

  /** Writes one at the end of an epoch if it is due, or the last. Collective. */
  async afterEpoch(isLast: boolean): Promise<void> {
    const { comm, run } = this.of;
    const { epochs } = run.position;
    if (isLast || (await decideOnRankZero(comm)(() => this.#isDueAfter(epochs)))) await this.write();
  }

  /**
   * Collective.
   * @throws DivergedError rather than writing what no run could go on from
   */
  async write(): Promise<void> {
    const { comm, run, identity, folder, reporter } = this.of;
    await run.divergence.beforeCheckpoint(run.parameters);
    const began = performance.now();
    await run.settle();
    const { stages } = this.of;
    if (comm.rank !== 0) {
      if (stages) await writeParts(stages, run, folder);
      return;
    }
    await reporter.attempt("write a checkpoint", async () => {
      const content = stages
        ? (await writeParts(stages, run, folder))!
        : { state: run.state, model: await run.model() };
      const file = await folder.write({ identity, ...content }, run.position);
      reporter.log.info({ file, seconds: (performance.now() - began) / 1000 }, "checkpoint");
      reporter.tell({ type: "checkpoint", file });
    });
    this.#lastEnded = performance.now();
    this.#lastTook = this.#lastEnded - began;
  }

  #isDueAfter(epoch: number): boolean {
    const { every } = this.of;
    if (every !== undefined) return epoch % every === 0;
    return this.#sinceLast() * SHARE >= this.#lastTook;
  }

  #sinceLast(): number {
    return performance.now() - this.#lastEnded;
  }
}
