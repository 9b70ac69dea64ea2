import type { Communicator } from "../comm/communicator.js";
import { methodNamed } from "../methods/registry.js";
import type { Optimizer, StepReport } from "../methods/problem.js";
import { serialiseModel, type ModelFiles } from "../network/model-file.js";
import { EvaluationCount, type NetworkProblem } from "../network/problem.js";
import { RunningStatistics } from "../network/running-statistics.js";
import type { Checkpoint } from "./checkpoint.js";
import { DivergenceCheck } from "./divergence.js";
import { Epochs } from "./epochs.js";
import type { Identity } from "./identity.js";
import { Ledger } from "./ledger.js";
import type { TrainConfig } from "./options.js";
import { Progress } from "./progress.js";
import type { Summary } from "../report/summary.js";
import type { Setup } from "./setup.js";

/** All of a run that changes while it trains: what checkpoints hold. The same on every rank. */
export class RunState {
  readonly optimizer: Optimizer;
  readonly epochs: Epochs;
  readonly ledger: Ledger;
  readonly divergence: DivergenceCheck;
  readonly #progress: Progress;
  readonly #statistics: RunningStatistics;

  constructor(
    private readonly config: TrainConfig,
    private readonly setup: Setup,
    comm: Communicator,
  ) {
    const { decomposition, theta, random } = setup;
    const { epochs, batches, tolerance } = config;
    const context = {
      comm,
      decomposition,
      plannedSteps: epochs * batches,
      fullBatch: batches === 1,
      tolerance,
    };
    const count = new EvaluationCount();
    this.optimizer = methodNamed(config.method).create(context, config.methodOptions, theta);
    this.epochs = new Epochs(setup, comm, count, config.batches, config.overlap, random.fork("batches"));
    this.ledger = new Ledger(config, comm, count);
    this.divergence = new DivergenceCheck(config, setup.evaluator.layout);
    this.#progress = new Progress(context);
    this.#statistics = new RunningStatistics(setup.evaluator, comm);
  }

  /**
   * One step on `problem`, entered in the ledger. Collective.
   * @throws DivergedError
   */
  async step(problem: NetworkProblem): Promise<StepReport> {
    const from = this.optimizer.theta;
    const report = await this.optimizer.step(problem);
    this.divergence.afterStep(report, from, this.ledger.position);
    this.#progress.follow(report, from, this.optimizer.theta);
    await this.#statistics.follow(this.optimizer.theta, problem.batch, problem === this.epochs.full);
    this.ledger.addStep(report);
    return report;
  }

  /** Why the run is over after the epochs closed so far; undefined while it is not. */
  goalReached(): Exclude<Summary["ended"], "stopped"> | undefined {
    const { last } = this.ledger;
    if (last === undefined) return undefined;
    if (last.testAccuracy >= (this.config.stopAtAccuracy ?? Infinity)) return "accuracy";
    const ended = this.#progress.ended();
    if (ended !== undefined) return ended;
    return last.epoch >= this.config.epochs ? "epochs" : undefined;
  }

  /** The model handed back, as it stands. */
  async model(): Promise<ModelFiles> {
    const { evaluator, inputs } = this.setup;
    evaluator.setParameters(inputs.handedBack(this.optimizer.theta));
    return serialiseModel(inputs.whole(evaluator.exportModel()));
  }

  /** Valid until the next step. Collective. */
  async save(identity: Identity): Promise<Checkpoint> {
    return {
      identity,
      theta: this.optimizer.theta,
      method: this.optimizer.save(),
      progress: this.#progress.save(),
      statistics: this.#statistics.save(),
      ledger: await this.ledger.save(),
    };
  }

  restore({ theta, method, progress, statistics, ledger }: Checkpoint): void {
    this.optimizer.restore(theta, method, this.epochs.full);
    this.#progress.restore(progress);
    this.#statistics.restore(statistics);
    this.ledger.restore(ledger);
  }
}
