import type { ComputeBackend } from "../../../src/compute/backend.js";
import type { Communicator } from "../../../src/comm/communicator.js";
import { createLocalGroup } from "../../../src/comm/index.js";
import type { tf } from "../../../src/compute/tensorflow.js";
import { createEvaluator, type Evaluator, type EvaluatorOptions } from "../../../src/network/evaluator.js";
import type { Goal } from "../../../src/network/goal/goal.js";
import { layoutOf } from "../../../src/network/parameters.js";
import { penaltyOf } from "../../../src/network/penalty.js";
import { PipelineNetwork } from "../../../src/network/pipeline/network.js";
import { buildStage } from "../../../src/network/stages/build-stage.js";
import { planStages } from "../../../src/network/stages/plan.js";
import { stageGoal } from "../../../src/network/stages/stage-goal.js";
import { TapeEvaluator } from "../../../src/network/tape/evaluator.js";
import { WholeNetwork } from "../../../src/network/whole-network.js";
import { onGroup } from "../comm/groups.js";
import { goalOfModel } from "./networks.js";

/** Makes a network: ranks of one process must not share its variables. */
export type Make = () => tf.LayersModel;

/** The stage of one rank. */
export interface StageOfRank {
  readonly comm: Communicator;
  readonly network: PipelineNetwork;
  readonly stage: number;
  readonly replica: number;
  /** Where the entries of vectors held here are in whole ones. */
  readonly places: readonly number[];
  /** What of a whole vector belongs here. */
  readonly part: (whole: Float32Array) => Float32Array;
}

interface StagesOptions {
  readonly replicas?: number;
  /** Whose kernels compute; TensorFlow.js' own operations where not given. */
  readonly backend?: ComputeBackend;
  readonly solvesLocally?: boolean;
  readonly retains?: boolean;
  /** Makes what a rank evaluates with something else. */
  readonly disturb?: (evaluator: Evaluator, rank: number) => Evaluator;
}

/** Runs `body` on all ranks of the network in so many stages, over sockets. */
export async function onStages<R>(
  make: Make,
  stages: number,
  {
    replicas = 1,
    backend,
    solvesLocally = true,
    retains = false,
    disturb = (evaluator) => evaluator,
  }: StagesOptions,
  body: (rank: StageOfRank) => Promise<R>,
): Promise<R[]> {
  return onGroup("ipc", stages * replicas, async (comm) => {
    const stage = comm.rank % stages;
    const replica = Math.floor(comm.rank / stages);
    const pipeline = (await comm.split(replica, stage))!;
    const copiesOfStage = (await comm.split(stage, replica))!;
    const whole = make();
    const plan = planStages(whole, { stages }, { vectors: 4, rows: 16 }, "the network");
    const { model, randomLayers, copies } = buildStage(whole, plan, stage);
    const goal = goalOfModel(whole);
    const evaluator = await evaluatorFor(backend, model, stageGoal(goal, plan, stage, copies), {
      randomLayers,
      inPlace: true,
    });
    const { layout, variables } = layoutOf(model);
    const network = await PipelineNetwork.create({
      plan,
      evaluator: disturb(evaluator, comm.rank),
      goal,
      penalty: penaltyOf(model, layout, variables),
      pipeline,
      replicas: copiesOfStage,
      solvesLocally,
      retains,
    });
    const places = placesIn(whole, model);
    const part = (all: Float32Array) => Float32Array.from(places, (place) => all[place]!);
    return body({ comm, network, stage, replica, places, part });
  });
}

/** Layers go by their names. */
function placesIn(whole: tf.LayersModel, stage: tf.LayersModel): number[] {
  const { slots } = layoutOf(whole).layout;
  return stage.layers.flatMap(({ name }) =>
    slots
      .filter(({ layer }) => whole.layers[layer]!.name === name)
      .flatMap(({ offset, size }) => Array.from({ length: size }, (_, i) => offset + i)),
  );
}

/** The network whole, on one rank. */
export async function wholeNetwork(make: Make, backend?: ComputeBackend): Promise<WholeNetwork> {
  const model = make();
  const evaluator = await evaluatorFor(backend, model, goalOfModel(model), {});
  const { layout, variables } = layoutOf(model);
  const [comm] = createLocalGroup(1);
  return new WholeNetwork({
    evaluator,
    penalty: penaltyOf(model, layout, variables),
    comm: comm!,
    subdomains: [],
  });
}

function evaluatorFor(
  backend: ComputeBackend | undefined,
  model: tf.LayersModel,
  goal: Goal,
  options: EvaluatorOptions,
): Promise<Evaluator> {
  if (backend) return createEvaluator(model, goal, backend, options);
  return TapeEvaluator.create(model, goal, "reference", options);
}
