import type { Communicator } from "../comm/communicator.js";
import { medianOf } from "../averages.js";
import type { BatchProblem } from "../network/rank-network.js";
import { PartClock, STEP_PARTS, type StepPart } from "./part-clock.js";
import { trainConfig } from "./options/config.js";
import { setUp, type Setup } from "./setup.js";
import { TrainingRun } from "./training-run.js";
import { Agreement } from "./wishes.js";

export interface StepBenchmarkOptions {
  readonly method: string;
  /** Samples of a mini-batch. */
  readonly batch: number;
  readonly backend: string;
  readonly blas?: string;
  readonly threads: number;
}

export interface StepBenchmark extends StepBenchmarkOptions {
  readonly ranks: number;
  readonly description: string;
  readonly steps: number;
  /** Of steps that nothing but their whole is measured of. */
  readonly medianMicroseconds: number;
  readonly minimumMicroseconds: number;
  /** Medians of as many other steps, in microseconds: measuring adds some. */
  readonly parts: Readonly<Record<StepPart, number>>;
}

/** Built-in digits that batches are made of. */
const SAMPLES = 20_000;
/** Steps before any is measured: code is compiled, memory is there. */
const WARM = 200;

/** Steps of a run on the built-in digits by 784-32-32-10, one at a time, so that others can be run beside them. */
export class StepBenchmarkRun {
  readonly #agreement: Agreement;
  #problems: ReturnType<TrainingRun["epochs"]["problems"]>;

  private constructor(
    readonly setup: Setup,
    private readonly run: TrainingRun,
    comm: Communicator,
    private readonly clock: PartClock,
  ) {
    this.#agreement = new Agreement(comm);
    this.#problems = run.epochs.problems(1, 0);
  }

  /** @param clock tells the parts of steps while it runs */
  static async prepare(
    { method, batch, backend, blas, threads }: StepBenchmarkOptions,
    comm: Communicator,
    clock = new PartClock(),
  ): Promise<StepBenchmarkRun> {
    const values = {
      ...{ method, backend, data: "digits", trainSamples: SAMPLES, overlap: 0 },
      batches: Math.max(1, Math.round(SAMPLES / batch)),
      ...(blas === undefined ? {} : { blas }),
    };
    const config = trainConfig([{ source: { kind: "program" }, values }], comm.size);
    const timed = clock.communicator(comm);
    const setup = await setUp(config, {}, timed, threads);
    return new StepBenchmarkRun(setup, await TrainingRun.prepare(config, setup, timed), timed, clock);
  }

  /** As the training loop makes one, to the ledger and the agreement to go on. Collective. */
  async step(): Promise<void> {
    let next = await this.#problems.next();
    if (next.done) {
      await this.run.closeEpoch(undefined);
      this.#problems = this.run.epochs.problems(this.run.position.epochs + 1, 0);
      next = await this.#problems.next();
    }
    const problem = next.value as BatchProblem;
    this.clock.follow(problem);
    await this.clock.timed("update", () => this.run.step(problem))();
    await this.#agreement.afterStep(() => "go on", this.run.state.ledger.steps.loss);
  }
}

/** Measures steps, and then the parts of as many. Collective. */
export async function benchmarkSteps(
  options: StepBenchmarkOptions,
  steps: number,
  comm: Communicator,
): Promise<StepBenchmark> {
  const clock = new PartClock();
  const run = await StepBenchmarkRun.prepare(options, comm, clock);
  for (let step = 0; step < WARM; step++) await run.step();
  const times: number[] = [];
  for (let step = 0; step < steps; step++) {
    const began = performance.now();
    await run.step();
    times.push(1000 * (performance.now() - began));
  }

  const { backend } = run.setup;
  const restore = backend.heap?.instrument((name, kernel) => clock.timed(partOfKernel(name), kernel));
  const laps: Record<StepPart, number>[] = [];
  for (let step = 0; step < steps; step++) laps.push(await clock.during(() => run.step()));
  restore?.();
  const parts = Object.fromEntries(STEP_PARTS.map((part) => [part, medianOf(laps.map((lap) => lap[part]))]));
  return {
    ...options,
    ranks: comm.size,
    description: backend.description,
    steps,
    medianMicroseconds: medianOf(times),
    minimumMicroseconds: Math.min(...times),
    parts: parts as Record<StepPart, number>,
  };
}

/** As `startProfile` names them. */
function partOfKernel(name: string): StepPart {
  if (name === "product") return "products";
  if (name.startsWith("gather")) return "gather";
  return /crossEntropy/i.test(name) ? "loss" : "other kernels";
}
