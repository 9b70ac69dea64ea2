import { meanOf, medianOf, sumOf } from "../../../averages.js";
import { selfCommunicator, type Communicator } from "../../../comm/index.js";
import type { BatchProblem } from "../../../network/rank-network.js";
import type { TrainConfig } from "../../../run/options/config.js";
import { setUp } from "../../../run/setup.js";
import { warmSteps } from "../../../run/step-parts.js";
import { TrainingRun } from "../../../run/training-run.js";
import type { Network } from "../links.js";
import { measureNetwork } from "../ping-pong.js";
import { longestPauses, type Pauses } from "../pauses.js";
import { Evaluations, pausesOf, typicalOf, type Typical } from "../evaluations.js";

import { secondsOf, stepsOf } from "../probe.js";
import { edgesOf, furtherCuts } from "./cuts.js";
import type { StagedNetwork, StageWork } from "./iteration.js";
import { LonePipeline } from "./lone-pipeline.js";

/** What ranks that hold a network in stages compute, and how they are connected; times in seconds. */
export interface StagedProbe {
  readonly ranks: number;
  readonly network: Network;
  /** As it is cut, with what each stage takes alone. */
  readonly staged: StagedNetwork;
  /** A step of all stages, one after another. */
  readonly seconds: number;
  /** How much longer a stage's step takes where all ranks make theirs. */
  readonly slowdown: number;
  /** What pauses of any rank add to a step. */
  readonly pauses: Pauses;
  /** In 2, 4, 8, … stages, as far as it can be cut, with what stages would take by what they have to compute. */
  readonly cuts: readonly StagedNetwork[];
}

/** Steps of one stage without the others, in seconds. */
interface OwnSteps {
  readonly typical: Typical;
  readonly seconds: number;
  readonly pauses: readonly number[];
}

/** Passes that only go there, where steps have none. */
const ROUNDS = 5;

/**
 * Every rank makes the run's steps on its stage, without the others (`LonePipeline`): those of one copy one after another, then all
 * at once. Collective; the result is that of all ranks.
 * @param ofRun the run's, whose one epoch has all steps
 */
export async function probeStages(
  ofRun: TrainConfig,
  comm: Communicator,
  threads: number,
): Promise<StagedProbe> {
  const { stages } = ofRun;
  const warm = warmSteps(ofRun.batchesPerEpoch!);
  const steps = ofRun.batchesPerEpoch! - warm;
  const copy = Math.floor(comm.rank / stages);
  const lone = new LonePipeline((await comm.split(copy, comm.rank))!);
  const config = { ...ofRun, ranks: stages, batchesPerEpoch: warm + 2 * steps };
  const setup = await setUp(config, {}, lone.group, threads);
  const { stage, plan } = setup.stages!;
  lone.cut();
  const alone = selfCommunicator();
  const run = await TrainingRun.prepare(config, setup, alone);
  const seen = new Evaluations();
  const probed = stepsOf(run, alone, seen);
  let problem: BatchProblem | undefined;
  const step = async (): Promise<void> => {
    problem = await probed.step();
  };
  await secondsOf(warm, step);

  /** Of this stage: what a step takes without pauses, and these. */
  const own = async (): Promise<OwnSteps> => {
    seen.forget();
    const lengths = await secondsOf(steps, step);
    const typical = typicalOf(seen.steps, lengths, 0);
    const pauses = pausesOf(seen.steps, lengths, typical);
    return { typical, seconds: meanOf(lengths) - meanOf(pauses), pauses };
  };
  const workOf = async ({ typical }: OwnSteps): Promise<StageWork> => {
    const { objective, batch } = problem!;
    const hasLosses = seen.all("losses").length > 0;
    const only = hasLosses
      ? typical.loss
      : medianOf(await secondsOf(ROUNDS, () => objective.value(run.parameters)));
    const forward = stage === stages - 1 ? 0 : only / batch.chunks;
    return {
      forward,
      backward: Math.max(0, typical.gradient / batch.chunks - forward),
      loss: only / batch.chunks,
      update: typical.rest,
      parameters: setup.network.layout.dimension,
    };
  };
  const inTurn: { readonly seconds: number; readonly work: StageWork }[] = [];
  for (let s = 0; s < stages; s++) {
    const mine = comm.rank === s ? await own() : undefined;
    const told = mine && { seconds: mine.seconds, work: await workOf(mine) };
    inTurn.push(await comm.broadcastObject(told, s));
  }
  await comm.barrier();
  const atOnce = await own();
  const pauses = longestPauses(await comm.allgatherObject(atOnce.pauses));
  const [together] = await comm.allreduce(Float64Array.of(atOnce.seconds), "sum");
  const seconds = sumOf(inTurn.map((one) => one.seconds));

  const { rows, chunks } = problem!.batch;
  const staged = {
    microBatches: chunks,
    stages: inTurn.map(({ work }) => work),
    edges: edgesOf(plan, rows / chunks),
  };
  return {
    ranks: comm.size,
    network: await measureNetwork(comm, config.sharedMemory),
    staged,
    seconds,
    slowdown: together! / comm.size / (seconds / stages),
    pauses,
    cuts: await furtherCuts(setup.stages!, {
      config,
      staged,
      rows,
      samples: setup.data.train.count,
      canRetain: setup.backend.heap !== undefined,
    }),
  };
}
