import { medianOf, sumOf } from "../../averages.js";
import { selfCommunicator, type Communicator } from "../../comm/index.js";
import type { BatchProblem } from "../../network/rank-network.js";
import type { TrainConfig } from "../../run/options/config.js";
import { setUp } from "../../run/setup.js";
import { warmSteps } from "../../run/step-parts.js";
import { TrainingRun } from "../../run/training-run.js";
import { Agreement } from "../../run/wishes.js";
import { Evaluations, pausesOf, typicalOf } from "./evaluations.js";
import type { Network } from "./links.js";
import { longestPauses, type Pauses } from "./pauses.js";
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
  /** A step of one rank by itself without pauses, its evaluations of the whole batch, and what pauses of any rank add to it. */
  readonly step: {
    readonly seconds: number;
    readonly gradients: number;
    readonly losses: number;
    readonly pauses: Pauses;
    /** How much of a core a rank had; more than one where others of its threads computed, too. */
    readonly cores: number;
  };
  /** Of each subdomain its parameters, and what a step's evaluations for it take. */
  readonly solves: { readonly sizes: readonly number[]; readonly seconds: readonly number[] };
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
 * Every rank makes the run's steps, and then evaluations, by itself, all at the same time. Medians tell what things take; what a
 * step takes beyond them are pauses (garbage, a core that others have), and those of the ranks do not come at the
 * same time: who exchanges sums waits for the longest in each step. Collective; the result is that of all ranks.
 * @param ofRun the run's, whose one epoch has all steps
 */
export async function probe(ofRun: TrainConfig, comm: Communicator, threads: number): Promise<Probe> {
  const alone = selfCommunicator();
  const warm = warmSteps(ofRun.batchesPerEpoch!);
  const steps = ofRun.batchesPerEpoch! - warm;
  const config = { ...ofRun, batchesPerEpoch: ofRun.batchesPerEpoch! + 1 }; // one more problem, to evaluate by itself
  const setup = await setUp(config, {}, alone, threads);
  const run = await TrainingRun.prepare(config, setup, alone);
  const seen = new Evaluations();
  const { next, step } = stepsOf(run, alone, seen);
  /** The mean of all ranks. */
  const ofAll = async (own: readonly number[]): Promise<number[]> => {
    const sums = await comm.allreduce(Float64Array.from(own), "sum");
    return Array.from(sums, (sum) => sum / comm.size);
  };
  const timed = async (work: () => Promise<unknown>): Promise<number> => {
    await comm.barrier();
    for (let i = 0; i < WARM; i++) await work();
    const [mean] = await ofAll([medianOf(await secondsOf(ROUNDS, work))]);
    return mean!;
  };

  await comm.barrier();
  await secondsOf(warm, step);
  seen.forget();
  const before = process.cpuUsage();
  const lengths = await secondsOf(steps, step);
  const { user, system } = process.cpuUsage(before);
  const cores = (user + system) / 1e6 / sumOf(lengths);
  const sizes = setup.decomposition.subdomains.map((R) => R.size);
  const own = typicalOf(seen.steps, lengths, sizes.length);
  const pauses = await comm.allgatherObject(pausesOf(seen.steps, lengths, own));
  const { objective, batch, shards } = await next();
  const x = run.parameters;
  const out = new Float32Array(x.length);
  const rows = config.methodOptions["localBatch"];
  const walks = shards?.miniBatches(0, typeof rows === "number" && rows > 0 ? rows : LOCAL_BATCH);
  const walk = walks && {
    shards: shards!.count,
    steps: walks.length,
    gradient: await timed(() => walks[0]!.gradient(x, out)),
    loss: await timed(() => walks[0]!.value(x)),
  };
  const perStep = (kind: "gradients" | "losses"): number => seen.all(kind).length / seen.steps.length;
  const [gradients, losses] = [perStep("gradients"), perStep("losses")];
  const [gradient, loss, rest, had, ...solves] = await ofAll([
    own.gradient,
    own.loss,
    own.rest,
    cores,
    ...own.solves,
  ]);
  return {
    ranks: comm.size,
    network: await measureNetwork(comm, config.sharedMemory),
    samples: batch.rows,
    chunks: batch.chunks,
    parameters: x.length,
    gradient: gradients > 0 ? gradient! : await timed(() => objective.gradient(x, out)),
    loss: loss!,
    step: {
      seconds: gradients * gradient! + losses * loss! + rest! + sumOf(solves),
      gradients,
      losses,
      pauses: longestPauses(pauses),
      cores: had!,
    },
    solves: { sizes, seconds: solves },
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

/** Of so many times each, or of as many as there is patience for, but at least one. */
export async function secondsOf(times: number, work: () => Promise<unknown>): Promise<number[]> {
  const seconds: number[] = [];
  const end = performance.now() + 1000 * PATIENCE;
  do {
    const begun = performance.now();
    await work();
    seconds.push((performance.now() - begun) / 1000);
  } while (seconds.length < times && performance.now() < end);
  return seconds;
}
