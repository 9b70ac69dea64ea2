import type { Communicator } from "../comm/communicator.js";
import { methodNamed } from "../methods/registry.js";
import type { Optimizer } from "../methods/problem.js";
import { EvaluationCount } from "../network/problem.js";
import type { Checkpoint } from "./checkpoint.js";
import { Epochs } from "./epochs.js";
import type { Identity } from "./identity.js";
import { Ledger } from "./ledger.js";
import type { TrainConfig } from "./options.js";
import type { Setup } from "./setup.js";

/** All of a run that changes while it trains: what checkpoints hold. The same on every rank. */
export class RunState {
  readonly optimizer: Optimizer;
  readonly epochs: Epochs;
  readonly ledger: Ledger;

  constructor(config: TrainConfig, setup: Setup, comm: Communicator) {
    const { decomposition, theta, random } = setup;
    const context = { comm, decomposition, plannedSteps: config.epochs * config.batches };
    const count = new EvaluationCount();
    this.optimizer = methodNamed(config.method).create(context, config.methodOptions, theta);
    this.epochs = new Epochs(setup, comm, count, config.batches, config.overlap, random.fork("batches"));
    this.ledger = new Ledger(config, comm, count);
  }

  /** Valid until the next step. Collective. */
  async save(identity: Identity): Promise<Checkpoint> {
    const { theta } = this.optimizer;
    return { identity, theta, method: this.optimizer.save(), ledger: await this.ledger.save() };
  }

  restore({ theta, method, ledger }: Checkpoint): void {
    this.optimizer.restore(theta, method, this.epochs.full);
    this.ledger.restore(ledger);
  }
}
