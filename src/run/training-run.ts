import type { Communicator } from "../comm/communicator.js";
import type { tf } from "../compute/tensorflow.js";
import type { Vector } from "../linalg/vector.js";
import type { Method, State, StepReport } from "../methods/method.js";
import type { MethodContext } from "../methods/problem.js";
import { findMethod } from "../methods/registry.js";
import { Batch, measuredChunking } from "../network/batch.js";
import { serialiseModel, type ModelFiles } from "../network/model-file.js";
import type { BatchProblem } from "../network/rank-network.js";
import type { Scores } from "../network/scores.js";
import type { EpochMetrics } from "../report/metrics.js";
import type { Summary } from "../report/summary.js";
import { DivergenceCheck } from "./divergence.js";
import { Epochs, type EpochSource } from "./epochs.js";
import {
  closed,
  newLedger,
  positionOf,
  withConsumption,
  withStep,
  type Ledger,
  type Position,
} from "./ledger.js";
import { Meter } from "./meter.js";
import { Monitor } from "./monitor.js";
import type { TrainConfig } from "./options/config.js";
import { StepTrace } from "./step-trace.js";
import { StreamedEpochs } from "./streamed-epochs.js";
import { afterStep, endOf, noProgress, type Progress } from "./progress.js";
import type { StreamedSamples } from "./program.js";
import type { Setup } from "./setup.js";

/**
 * All of a run that changes while it trains, plain values and vectors: a checkpoint is this. The position in the data
 * is the ledger's; randomness needs no state, since its streams are named by seed and epoch.
 */
export interface RunState {
  readonly method: State;
  readonly progress: Progress;
  /** Means and variances of batch normalisation; null where there are none yet. */
  readonly statistics: Vector | null;
  readonly ledger: Ledger;
  /** What the best epoch ended with, where its model is to be handed back; null before. */
  readonly best: { readonly theta: Vector; readonly statistics: Vector | null } | null;
}

/** A run between two steps: its state, and what makes the next state of it. The same on every rank. */
export class TrainingRun {
  readonly epochs: EpochSource;
  readonly divergence: DivergenceCheck;
  readonly meter: Meter;
  readonly trace: StepTrace;
  readonly monitor: Monitor;
  #state: RunState;

  private constructor(
    private readonly method: Method,
    private readonly config: TrainConfig,
    private readonly setup: Setup,
    private readonly context: MethodContext,
    theta: Vector,
  ) {
    const { network, random } = setup;
    const { overlap, methodOptions } = config;
    const { comm, fullBatch } = context;
    this.epochs = setup.streamed
      ? new StreamedEpochs(setup, network)
      : new Epochs(setup, network, { overlap, random: random.fork("batches") });
    this.divergence = new DivergenceCheck(network, comm, fullBatch, methodOptions["learningRate"]);
    const replicas = config.stages > 1 ? comm.size / config.stages : 1;
    this.meter = new Meter(comm, network.count, replicas, setup.cut.batchesPerEpoch);
    this.trace = new StepTrace(comm, context.plannedSteps, config.trace);
    this.monitor = new Monitor(config, setup.goal, setup.data.test !== undefined);
    this.#state = {
      method: method.start(theta),
      progress: noProgress,
      statistics: null,
      ledger: newLedger,
      best: null,
    };
  }

  /** Collective. */
  static async prepare(config: TrainConfig, setup: Setup, comm: Communicator): Promise<TrainingRun> {
    const { epochs, tolerance } = config;
    const { batches, batchesPerEpoch } = setup.cut;
    const context = {
      comm,
      decomposition: setup.decomposition,
      tensors: setup.network.layout.slots,
      plannedSteps: epochs * batchesPerEpoch,
      stepsPerEpoch: batches,
      fullBatch: batches === 1 && !setup.network.isRandom && !setup.streamed,
      tolerance,
    };
    const method = await findMethod(config.method);
    return new TrainingRun(
      method.create(context, config.methodOptions),
      config,
      setup,
      context,
      await setup.start(),
    );
  }

  /** Valid until the next step. */
  get state(): RunState {
    return this.#state;
  }

  /** Goes on where a run of the same options was in that state. */
  set state(state: RunState) {
    this.#state = state;
    if (state.statistics) this.setup.network.setStatistics(state.statistics);
  }

  get position(): Position {
    return positionOf(this.#state.ledger);
  }

  /** Steps of the run so far. */
  get stepsDone(): number {
    const { epochs, batches } = this.position;
    return epochs * this.setup.cut.batchesPerEpoch + batches;
  }

  /** The parameters that are tested, saved and exported. */
  get parameters(): Vector {
    const { method } = this.#state;
    return this.method.evaluationPoint?.(method) ?? method.theta;
  }

  /**
   * One step on `problem`, entered in the ledger. Collective.
   * @throws DivergedError
   */
  async step(problem: BatchProblem): Promise<StepReport> {
    const { network } = this.setup;
    const { fullBatch } = this.context;
    const before = this.#state;
    network.setStep(this.stepsDone);
    const { state: method, report } = await this.method.step(before.method, problem);
    const [from, to] = [before.method.theta, method.theta];
    await this.divergence.afterStep(report, from, this.position);
    this.state = {
      ...before,
      method,
      progress: fullBatch
        ? await afterStep(network.space, before.progress, report, from, to)
        : before.progress,
      ledger: withStep(before.ledger, report),
    };
    return report;
  }

  /** What batch normalisation predicts with at the parameters that are judged. Collective. */
  async measureStatistics(samples: StreamedSamples | undefined): Promise<void> {
    const { network } = this.setup;
    if (!network.hasStatistics) return;
    this.meter.parts.pause(); // of an epoch, not of its steps
    const statistics = await network.statistics(this.epochs.forStatistics(samples), this.parameters);
    this.state = { ...this.#state, statistics };
  }

  /** The training samples, a batch after another, to measure with: tensors are not kept from epoch to epoch. */
  async *measuring(samples: StreamedSamples | undefined): AsyncGenerator<Batch> {
    const { data, inputs, network } = this.setup;
    if (samples && this.epochs instanceof StreamedEpochs) {
      yield* this.epochs.measuring(samples);
      return;
    }
    const batch = new Batch(
      data.train,
      { ...inputs.measuring, ...network.reading },
      measuredChunking(data.train),
    );
    yield batch;
    batch.dispose();
  }

  /** Closes the epoch. Collective. */
  async closeEpoch(quality: Scores | undefined): Promise<EpochMetrics> {
    await this.settle();
    const { statistics } = this.#state;
    const { subdomains, keepBest } = this.config;
    const shares = { subdomains, batches: this.setup.cut.batches };
    const ledger = closed(this.#state.ledger, quality, shares, (a, b) => this.monitor.isBetter(a, b));
    const isBest = keepBest && ledger.best === ledger.last;
    const best = isBest ? { theta: this.parameters.slice(), statistics } : this.#state.best;
    this.#state = { ...this.#state, ledger, best };
    return ledger.last;
  }

  /** Enters in the ledger what was consumed up to here. Collective. */
  async settle(): Promise<void> {
    const ledger = withConsumption(this.#state.ledger, await this.meter.read());
    this.#state = { ...this.#state, ledger };
  }

  /** Why the run is over after the epochs closed so far; undefined while it is not. */
  goalReached(): Exclude<Summary["ended"], "stopped" | "program"> | undefined {
    const { ledger, progress } = this.#state;
    if (ledger.last === null) return undefined;
    const { epochs, maxSeconds = Infinity, maxGradients = Infinity } = this.config;
    const ended = this.monitor.ended(ledger.last, ledger.best) ?? endOf(progress, this.context);
    if (ended !== undefined) return ended;
    if (ledger.last.epoch >= epochs) return "epochs";
    if (ledger.last.seconds >= maxSeconds) return "seconds";
    return ledger.last.gradientEvaluations >= maxGradients ? "gradients" : undefined;
  }

  /** The model handed back: of the last step, or of the best epoch. */
  model(): Promise<ModelFiles> {
    return this.withHeld((held) => serialiseModel(this.setup.inputs.whole(held)));
  }

  /** What `use` makes of the layers held here, with the weights that are handed back. */
  async withHeld<T>(use: (held: tf.LayersModel) => Promise<T>): Promise<T> {
    const { network } = this.setup;
    const { best, statistics } = this.#state;
    if (best?.statistics) network.setStatistics(best.statistics);
    const made = await use(this.#exportAt(best?.theta ?? this.parameters));
    if (best?.statistics) network.setStatistics(statistics!);
    return made;
  }

  /** The model as it stands. */
  modelNow(): Promise<ModelFiles> {
    return serialiseModel(this.setup.inputs.whole(this.#exportAt(this.parameters)));
  }

  #exportAt(theta: Vector): tf.LayersModel {
    const { network, inputs } = this.setup;
    return inputs.handedBack(theta, (handedBack) => network.exportModel(handedBack));
  }
}
