import type { Communicator } from "../../../src/comm/communicator.js";
import { createLocalGroup } from "../../../src/comm/index.js";
import type { ComputeBackend } from "../../../src/compute/backend.js";
import { tf } from "../../../src/compute/tensorflow.js";
import { createEvaluator, type Evaluator, type EvaluatorOptions } from "../../../src/network/evaluator.js";
import type { Goal } from "../../../src/network/goal/goal.js";
import { innerProductGoal } from "../../../src/network/goal/inner-product.js";
import { layoutOf } from "../../../src/network/parameters.js";
import { penaltyOf } from "../../../src/network/penalty.js";
import { PipelineNetwork } from "../../../src/network/pipeline/network.js";
import type { StagePlan } from "../../../src/network/stages/plan.js";
import { TapeEvaluator } from "../../../src/network/tape/evaluator.js";
import { WholeNetwork } from "../../../src/network/whole-network.js";
import { onGroup } from "../comm/groups.js";
import { goalOfModel, MEMORY } from "./networks.js";

/** Makes a network, with the same weights every time: ranks of one process must not share them. */
export type Make = () => tf.LayersModel;

/** The stage of one rank. */
export interface StageOfRank {
  readonly comm: Communicator;
  readonly network: PipelineNetwork;
  readonly stage: number;
  readonly replica: number;
  /** What of a whole vector belongs here. */
  readonly part: (whole: Float32Array) => Float32Array;
}

interface StagesOptions {
  readonly replicas?: number;
  /** Whose kernels compute; TensorFlow.js' own operations where not given. */
  readonly backend?: ComputeBackend;
  readonly solvesLocally?: boolean;
  readonly memory?: number;
  /** Makes what a rank evaluates with something else. */
  readonly disturb?: (evaluator: Evaluator, rank: number) => Evaluator;
}

function cut(model: tf.LayersModel, stages: number) {
  const layers = model.layers.slice(1);
  const ends = Array.from({ length: stages + 1 }, (_, i) => Math.floor((layers.length * i) / stages));
  const numbers = (from: number, to: number) =>
    layers
      .slice(0, to)
      .reduce<number[]>((own, layer, i) => {
        if (layer.getClassName() === "Dropout") own.push(i);
        return own;
      }, [])
      .flatMap((at, i) => (at >= from ? [i] : []));
  const plan: StagePlan = {
    crossings: Array.from({ length: stages - 1 }, (_, i) => ({
      tensor: "h",
      shape: (layers[ends[i + 1]! - 1]!.output as tf.SymbolicTensor).shape.slice(1) as number[],
      from: i,
      to: [i + 1],
    })),
    stages: Array.from({ length: stages }, (_, i) => ({
      layers: [],
      modelInputs: i === 0 ? [0] : [],
      takes: i === 0 ? [] : [i - 1],
      gives: i === stages - 1 ? [] : [i],
      parameters: 0,
      flops: 0,
      activationBytes: 0,
    })),
  };
  const goal = goalOfModel(model);
  const randoms = Array.from({ length: stages }, (_, i) => numbers(ends[i]!, ends[i + 1]!));
  const models = Array.from({ length: stages }, (_, i) => {
    const input = tf.input({
      shape: i === 0 ? model.inputs[0]!.shape.slice(1) : plan.crossings[i - 1]!.shape.slice(),
    });
    let x = input;
    for (const layer of layers.slice(ends[i], ends[i + 1])) x = layer.apply(x) as tf.SymbolicTensor;
    return tf.model({ inputs: input, outputs: x });
  });
  const goals = models.map((_, i): Goal =>
    i === stages - 1 ? goal : { outputs: [innerProductGoal("h", plan.crossings[i]!.shape)] },
  );
  return { plan, goal, models, goals, randoms };
}

/** Runs `body` on all ranks of the network in so many stages, over sockets. */
export async function onStages<R>(
  make: Make,
  stages: number,
  {
    replicas = 1,
    backend,
    memory = MEMORY,
    solvesLocally = true,
    disturb = (evaluator) => evaluator,
  }: StagesOptions,
  body: (rank: StageOfRank) => Promise<R>,
): Promise<R[]> {
  return onGroup("ipc", stages * replicas, async (comm) => {
    const stage = comm.rank % stages;
    const replica = Math.floor(comm.rank / stages);
    const pipeline = (await comm.split(replica, stage))!;
    const copies = (await comm.split(stage, replica))!;
    const { plan, goal, models, goals, randoms } = cut(make(), stages);
    const model = models[stage]!;
    const options = { randomLayers: randoms[stage]! };
    const evaluator = await evaluatorFor(backend, model, goals[stage]!, options);
    const { layout, variables } = layoutOf(model);
    const network = await PipelineNetwork.create({
      plan,
      evaluator: disturb(evaluator, comm.rank),
      goal,
      penalty: penaltyOf(model, layout, variables),
      pipeline,
      replicas: copies,
      solvesLocally,
      memory,
    });
    const sizes = models.map((m) => layoutOf(m).layout.dimension);
    const offset = sizes.slice(0, stage).reduce((a, b) => a + b, 0);
    return body({ comm, network, stage, replica, part: (w) => w.slice(offset, offset + sizes[stage]!) });
  });
}

function evaluatorFor(
  backend: ComputeBackend | undefined,
  model: tf.LayersModel,
  goal: Goal,
  options: EvaluatorOptions,
): Promise<Evaluator> {
  if (backend) return createEvaluator(model, goal, backend, options);
  return TapeEvaluator.create(model, goal, "reference", options.seed, options.randomLayers);
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
