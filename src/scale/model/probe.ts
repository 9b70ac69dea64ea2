import { selfCommunicator, type Communicator } from "../../comm/index.js";
import type { BatchProblem } from "../../network/rank-network.js";
import type { TrainConfig } from "../../run/options/config.js";
import { setUp } from "../../run/setup.js";
import { WARM_STEPS } from "../../run/step-parts.js";
import { TrainingRun } from "../../run/training-run.js";
import { Agreement } from "../../run/wishes.js";
import type { Objective } from "../../trust-region/objective.js";
import type { Network } from "./links.js";
import { measureNetwork } from "./ping-pong.js";

/** What ranks of a job compute and how they are connected, measured while all of them are busy alike; times in seconds. */
export interface Probe {
  readonly ranks: number;
  readonly network: Network;
  /** Samples of a batch, the chunks it is cut in, and parameters. */
  readonly samples: number;
  readonly chunks: number;
  readonly parameters: number;
  /** Of the whole batch, by one rank; of the loss 0 where steps have none. */
  readonly gradient: number;
  readonly loss: number;
  /** A step of one rank by itself, and its evaluations of the whole batch. */
  readonly step: { readonly seconds: number; readonly gradients: number; readonly losses: number };
  /** Parameters of the subdomains, and what a step's evaluations for all of them took. */
  readonly solves: { readonly sizes: readonly number[]; readonly seconds: number };
  /** Where shards walk: a mini-batch's gradient and loss, and mini-batches of a walk. */
  readonly walk: {
    readonly shards: number;
    readonly steps: number;
    readonly gradient: number;
    readonly loss: number;
  } | null;
}

/** Evaluations by themselves before they are timed, and those that are. */
const WARM = 5;
const ROUNDS = 15;
/** Seconds after which no further step, or evaluation, is timed: of large networks a few tell enough. */
const PATIENCE = 10;
/** Samples of a walk's mini-batch, where the run does not say (docs/algorithms.md §7). */
const LOCAL_BATCH = 64;

/**
 * Every rank makes the run's steps, and then evaluations, by itself, all at the same time. Means are told, as the run's steps
 * are: where ranks share cores most pieces of work are short, and a few wait for a core as long as all others take. Steps
 * are the slowest rank's. Collective; the result is that of all ranks.
 * @param ofRun the run's, whose one epoch has all steps
 */
export async function probe(ofRun: TrainConfig, comm: Communicator, threads: number): Promise<Probe> {
  const alone = selfCommunicator();
  const steps = ofRun.batchesPerEpoch! - WARM_STEPS;
  const config = { ...ofRun, batchesPerEpoch: ofRun.batchesPerEpoch! + 1 }; // one more problem, to evaluate by itself
  const setup = await setUp(config, {}, alone, threads);
  const run = await TrainingRun.prepare(config, setup, alone);
  const seen = new Evaluations();
  const { next, step } = stepsOf(run, alone, seen);
  const ofAll = async (own: number): Promise<number> => {
    const [sum] = await comm.allreduce(Float64Array.of(own), "sum");
    return sum! / comm.size;
  };
  /** For whom all wait in a run. */
  const ofSlowest = async (own: number): Promise<number> => {
    const [most] = await comm.allreduce(Float64Array.of(own), "max");
    return most!;
  };
  const timed = async (work: () => Promise<unknown>): Promise<number> => {
    await comm.barrier();
    for (let i = 0; i < WARM; i++) await work();
    return ofAll(await meanSeconds(ROUNDS, work));
  };

  await comm.barrier();
  for (let i = 0; i < WARM_STEPS; i++) await step();
  seen.forget();
  const seconds = await meanSeconds(steps, step);

  const { objective, batch, shards } = await next();
  const x = run.parameters;
  const out = new Float32Array(x.length);
  const { gradients, losses, solves } = seen.times;
  const perStep = (value: number): number => value / seen.steps;
  const gradient =
    gradients.count > 0
      ? await ofAll(gradients.seconds / gradients.count)
      : await timed(() => objective.gradient(x, out));
  const rows = config.methodOptions["localBatch"];
  const walks = shards?.miniBatches(0, typeof rows === "number" && rows > 0 ? rows : LOCAL_BATCH);
  const walk = walks && {
    shards: shards!.count,
    steps: walks.length,
    gradient: await timed(() => walks[0]!.gradient(x, out)),
    loss: await timed(() => walks[0]!.value(x)),
  };
  return {
    ranks: comm.size,
    network: await measureNetwork(comm, config.sharedMemory),
    samples: batch.rows,
    chunks: batch.chunks,
    parameters: x.length,
    gradient,
    loss: await ofAll(losses.count > 0 ? losses.seconds / losses.count : 0),
    step: {
      seconds: await ofSlowest(seconds),
      gradients: perStep(gradients.count),
      losses: perStep(losses.count),
    },
    solves: {
      sizes: setup.decomposition.subdomains.map((R) => R.size),
      seconds: await ofAll(perStep(solves.seconds)),
    },
    walk: walk ?? null,
  };
}

/** The run's mini-batches, one after another, and its steps on them, whose evaluations `seen` sees. @param alone the run's */
export function stepsOf(
  run: TrainingRun,
  alone: Communicator,
  seen: Evaluations,
): { readonly next: () => Promise<BatchProblem>; readonly step: () => Promise<BatchProblem> } {
  const agreement = new Agreement(alone);
  const problems = run.epochs.problems(1, 0);
  const next = async () => ((await problems.next()) as { value: BatchProblem }).value;
  const step = async () => {
    const problem = await next();
    seen.follow(problem);
    await run.step(problem);
    await agreement.afterStep(() => "go on", run.state.ledger.steps.loss);
    return problem;
  };
  return { next, step };
}

/** Of so many times, or of as many as there is patience for, but at least one. */
export async function meanSeconds(times: number, work: () => Promise<unknown>): Promise<number> {
  const begun = performance.now();
  for (let made = 1; ; made++) {
    await work();
    const seconds = (performance.now() - begun) / 1000;
    if (made >= times || seconds > PATIENCE) return seconds / made;
  }
}

/** Counts evaluations within steps, with the making of what they read of the samples, which is shared as they are. */
export class Evaluations {
  readonly times = { gradients: newTime(), losses: newTime(), solves: newTime() };
  steps = 0;
  /** The full batch is one and the same problem in all steps. */
  readonly #followed = new WeakSet<BatchProblem>();

  forget(): void {
    this.steps = 0;
    for (const time of Object.values(this.times)) Object.assign(time, newTime());
  }

  /** A step on `problem` begins. */
  follow(problem: BatchProblem): void {
    this.steps++;
    if (this.#followed.has(problem)) return;
    this.#followed.add(problem);
    const { gradients, losses, solves } = this.times;
    const local = problem.local.bind(problem);
    const seen = (objective: Objective, ofGradients: Time, ofLosses: Time): Objective => {
      const gradient = objective.gradient.bind(objective);
      const value = objective.value.bind(objective);
      return {
        gradient: (x, out) => noting(ofGradients, () => gradient(x, out)),
        value: (x) => noting(ofLosses, () => value(x)),
      };
    };
    Object.assign(problem.objective, seen(problem.objective, gradients, losses));
    Object.assign(problem, {
      local: (...given: Parameters<typeof local>) => seen(local(...given), solves, solves),
    });
  }
}

interface Time {
  seconds: number;
  count: number;
}

const newTime = (): Time => ({ seconds: 0, count: 0 });

async function noting<T>(time: Time, work: () => Promise<T>): Promise<T> {
  const begun = performance.now();
  const result = await work();
  time.seconds += (performance.now() - begun) / 1000;
  time.count++;
  return result;
}
