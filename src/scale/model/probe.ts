import { selfCommunicator, type Communicator } from "../../comm/index.js";
import { medianOf } from "../../median.js";
import type { BatchProblem } from "../../network/rank-network.js";
import type { TrainConfig } from "../../run/options/config.js";
import { setUp } from "../../run/setup.js";
import { TrainingRun } from "../../run/training-run.js";
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
  /** Parameters of the subdomains, and the loss of the whole batch as one of them sees it. */
  readonly local: { readonly sizes: readonly number[]; readonly loss: number };
  /** Where shards walk: a mini-batch's gradient and loss, and mini-batches of a walk. */
  readonly walk: {
    readonly shards: number;
    readonly steps: number;
    readonly gradient: number;
    readonly loss: number;
  } | null;
}

const WARM = 5;
const ROUNDS = 15;
const STEPS = 30;
/** Samples of a walk's mini-batch, where the run does not say (docs/algorithms.md §7). */
const LOCAL_BATCH = 64;

/**
 * Every rank makes the run's evaluations by itself, all at the same time. Collective; the result is that of all ranks.
 * @param config of the run on one rank
 */
export async function probe(config: TrainConfig, comm: Communicator, threads: number): Promise<Probe> {
  const alone = selfCommunicator();
  const setup = await setUp(config, {}, alone, threads);
  const run = await TrainingRun.prepare(config, setup, alone);
  let batches = run.epochs.problems(1, 0);
  const next = async (): Promise<BatchProblem> => {
    for (;;) {
      const found = await batches.next();
      if (found.done !== true) return found.value;
      await run.closeEpoch(undefined);
      batches = run.epochs.problems(run.position.epochs + 1, 0);
    }
  };
  const timed = async (work: () => Promise<unknown>, rounds: number): Promise<number> => {
    const times: number[] = [];
    await comm.barrier();
    for (let i = 0; i < WARM + rounds; i++) {
      const begun = performance.now();
      await work();
      if (i >= WARM) times.push((performance.now() - begun) / 1000);
    }
    const [sum] = await comm.allreduce(Float64Array.of(medianOf(times)), "sum");
    return sum! / comm.size;
  };

  const seen: Evaluations = { gradients: [], losses: [] };
  const seconds = await timed(async () => {
    const problem = await next();
    following(problem, seen);
    await run.step(problem);
  }, STEPS);
  const problem = await next();
  const { objective, batch, shards } = problem;
  const x = run.parameters;
  const out = new Float32Array(x.length);
  const mean = async (times: readonly number[]): Promise<number> => {
    const [sum] = await comm.allreduce(Float64Array.of(times.length > 0 ? medianOf(times) : 0), "sum");
    return sum! / comm.size;
  };
  const gradient =
    seen.gradients.length > 0
      ? await mean(seen.gradients)
      : await timed(() => objective.gradient(x, out), ROUNDS);
  const loss = await mean(seen.losses);
  const { subdomains } = setup.decomposition;
  const at = { x, f: await objective.gradient(x, out), g: out };
  const local = problem.local(0, at);
  const localLoss =
    subdomains.length > 1 ? await timed(() => local.value(subdomains[0]!.restrict(x)), ROUNDS) : 0;
  const rows = config.methodOptions["localBatch"];
  const walks = shards?.miniBatches(0, typeof rows === "number" && rows > 0 ? rows : LOCAL_BATCH);
  const walk = walks && {
    shards: shards!.count,
    steps: walks.length,
    gradient: await timed(() => walks[0]!.gradient(x, out), ROUNDS),
    loss: await timed(() => walks[0]!.value(x), ROUNDS),
  };
  return {
    ranks: comm.size,
    network: await measureNetwork(comm, config.sharedMemory),
    samples: batch.rows,
    chunks: batch.chunks,
    parameters: x.length,
    gradient,
    loss,
    step: {
      seconds,
      gradients: seen.gradients.length / (WARM + STEPS),
      losses: seen.losses.length / (WARM + STEPS),
    },
    local: { sizes: subdomains.map((R) => R.size), loss: localLoss },
    walk: walk ?? null,
  };
}

/** Seconds of evaluations within steps: with the making of what they read of the samples, which is shared as they are. */
interface Evaluations {
  readonly gradients: number[];
  readonly losses: number[];
}

function following({ objective }: BatchProblem, { gradients, losses }: Evaluations): void {
  const noting =
    <A extends unknown[]>(work: (...args: A) => Promise<number>, times: number[]) =>
    async (...args: A): Promise<number> => {
      const begun = performance.now();
      const f = await work(...args);
      times.push((performance.now() - begun) / 1000);
      return f;
    };
  Object.assign(objective, {
    gradient: noting(objective.gradient.bind(objective), gradients),
    value: noting(objective.value.bind(objective), losses),
  });
}
