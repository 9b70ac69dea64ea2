import { selfCommunicator, type Communicator } from "../../../comm/index.js";
import type { BatchProblem } from "../../../network/rank-network.js";
import type { TrainConfig } from "../../../run/options/config.js";
import { setUp } from "../../../run/setup.js";
import { WARM_STEPS } from "../../../run/step-parts.js";
import { TrainingRun } from "../../../run/training-run.js";
import type { Network } from "../links.js";
import { measureNetwork } from "../ping-pong.js";
import { Evaluations } from "../evaluations.js";
import { meanOf } from "../iteration.js";
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
  /** In 2, 4, 8, … stages, as far as it can be cut, with what stages would take by what they have to compute. */
  readonly cuts: readonly StagedNetwork[];
}

const meanSeconds = async (times: number, work: () => Promise<unknown>): Promise<number> =>
  meanOf(await secondsOf(times, work));

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
  const steps = ofRun.batchesPerEpoch! - WARM_STEPS;
  const copy = Math.floor(comm.rank / stages);
  const lone = new LonePipeline((await comm.split(copy, comm.rank))!);
  const config = { ...ofRun, ranks: stages, batchesPerEpoch: WARM_STEPS + 2 * steps };
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
  for (let i = 0; i < WARM_STEPS; i++) await step();

  /** Of this stage, with nobody beside it. */
  const own = async (): Promise<{ readonly step: number; readonly work: StageWork }> => {
    seen.forget();
    const seconds = await meanSeconds(steps, step);
    const [gradients, losses] = [seen.all("gradients"), seen.all("losses")];
    const [there, back] = [losses.length / seen.steps.length, gradients.length / seen.steps.length];
    const { objective, batch } = problem!;
    const pass = meanOf(gradients);
    const only =
      losses.length > 0 ? meanOf(losses) : await meanSeconds(ROUNDS, () => objective.value(run.parameters));
    const forward = stage === stages - 1 ? 0 : only / batch.chunks;
    return {
      step: seconds,
      work: {
        forward,
        backward: Math.max(0, pass / batch.chunks - forward),
        loss: only / batch.chunks,
        update: Math.max(0, seconds - back * pass - there * only),
        parameters: setup.network.layout.dimension,
      },
    };
  };
  const inTurn: Awaited<ReturnType<typeof own>>[] = [];
  for (let s = 0; s < stages; s++)
    inTurn.push(await comm.broadcastObject(comm.rank === s ? await own() : undefined, s));
  await comm.barrier();
  const [together] = await comm.allreduce(Float64Array.of(await meanSeconds(steps, step)), "sum");
  const seconds = inTurn.reduce((sum, one) => sum + one.step, 0);

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
    cuts: await furtherCuts(setup.stages!, {
      config,
      staged,
      rows,
      samples: setup.data.train.count,
      canRetain: setup.backend.heap !== undefined,
    }),
  };
}
