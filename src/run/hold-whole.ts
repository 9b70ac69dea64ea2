import type { Communicator } from "../comm/communicator.js";
import type { ComputeBackend } from "../compute/backend.js";
import { rowsOf, type DataSplit } from "../data/dataset.js";
import type { Decomposition } from "../decomposition/decomposition.js";
import type { Vector } from "../linalg/vector.js";
import { Batch, chunkCount, leastRows, type Chunking } from "../network/batch.js";
import { bringsWeights, buildModel, isModule } from "../network/build.js";
import { createEvaluator } from "../network/evaluator.js";
import type { Declaration } from "../network/goal/declared.js";
import type { Goal, OwnObjective } from "../network/goal/goal.js";
import { tryLoss } from "../network/goal/own-loss.js";
import { surprisesOf } from "../network/goal/surprises.js";
import { withTargetsFor } from "../network/goal/targets.js";
import { treatInputs, type InputTreatment } from "../network/inputs/standardisation.js";
import { topologyOf } from "../network/model-file.js";
import { layoutOf } from "../network/parameters.js";
import { penaltyOf } from "../network/penalty.js";
import type { RankNetwork } from "../network/rank-network.js";
import { TapeEvaluator } from "../network/tape/evaluator.js";
import { tryOut } from "../network/tape/try-out.js";
import { endWaiting } from "../network/waiting.js";
import { WholeNetwork } from "../network/whole-network.js";
import type { tf } from "../compute/tensorflow.js";
import type { Random } from "../random.js";
import { shareFrozenWeights } from "./frozen-weights.js";
import { decompose } from "./decompose.js";
import { roomForWhole } from "./room-for-whole.js";
import { cutOf, type TrainConfig } from "./options/config.js";
import type { StagesOfRun } from "./stages/stages-of-run.js";

/** What is to be trained, on what. */
export interface Wanted {
  readonly config: TrainConfig;
  /** The model's name or file. */
  readonly source: string;
  readonly given: DataSplit;
  readonly declared: readonly Declaration[];
  readonly objective: OwnObjective | undefined;
  readonly backend: ComputeBackend;
  readonly comm: Communicator;
  /** The run's. */
  readonly random: Random;
}

/** The network on this rank, and all that depends on how it lies on the ranks. */
export interface Held {
  readonly data: DataSplit;
  /** What is minimised, and measured. */
  readonly goal: Goal;
  readonly inputs: InputTreatment;
  readonly network: RankNetwork;
  /** Where the network is in stages. */
  readonly stages: StagesOfRun | undefined;
  /** The whole model's layers (`topologyOf`). */
  readonly topology: string;
  /** Samples of the blocks in which chunks are evaluated here. */
  readonly blockRows: number;
  /** How batches are cut in chunks. */
  readonly chunking: Chunking;
  readonly decomposition: Decomposition;
  /** N, where batches are cut in shards. */
  readonly shards: number | undefined;
  /** Whose parameters are θ⁰ as it is held here; where the network is whole, the same on every rank. */
  readonly start: () => Promise<Vector>;
  /** What is to be said before it starts. */
  readonly warnings: readonly string[];
}

/** The whole network on every rank. */
export async function holdWhole(wanted: Wanted): Promise<Held> {
  const { config, source, given, declared, objective, backend, comm, random } = wanted;
  const drawing = random.fork("initialisation");
  const choice = { ...config, model: source };
  // A user's module makes its network once, without memory until it fits; others can be looked at before.
  const before = isModule(choice) ? undefined : await roomForWhole(wanted);
  const { model, goal } = await buildModel(
    choice,
    { ...given.train, name: given.name },
    drawing,
    declared,
    objective,
  );
  const data = await dataFor(goal, model, given);
  const inputs = treatInputs(model, data.train, {
    standardise: config.standardise,
    freshWeights: !bringsWeights(choice),
  });
  const room = before ?? (await roomForWhole(wanted, model));
  endWaiting(model);
  if (isModule(choice)) await shareFrozenWeights(model, comm);
  const { seed } = config;
  const evaluator = await createEvaluator(model, goal, backend, { memory: room, seed });
  const worth = leastRows(evaluator.cost, evaluator.layout.dimension);
  if (evaluator instanceof TapeEvaluator) {
    const some = new Batch(rowsOf(data.train, 0, Math.min(2, data.train.count)), inputs.training);
    await tryOut(evaluator, model, some.chunk(0), source);
    some.dispose();
  }
  const { layout, variables } = layoutOf(model);
  const penalty = penaltyOf(model, layout, variables);
  const decomposition = decompose(config, evaluator.layout.slots, random);
  const { subdomains } = decomposition;
  const shards = config.shards && config.subdomains;
  const network = new WholeNetwork({ evaluator, penalty, comm, subdomains, shards });
  const chunking = {
    groupRows: network.hasStatistics ? config.ghostBatch : undefined,
    leastRows: worth,
  };
  const rows = Math.ceil(data.train.count / cutOf(config, data.train.count).batches);
  const idle = shards === undefined ? idleRanks(rows, chunking, comm.size) : [];
  return {
    data,
    goal,
    inputs,
    network,
    stages: undefined,
    topology: topologyOf(model),
    blockRows: evaluator.blockRows,
    chunking,
    decomposition,
    shards,
    // A user's module may draw weights of its own: rank 0's are everybody's.
    start: () => comm.broadcast(evaluator.parameters(), 0),
    warnings: [...surprisesOf(model, goal, given.train.targets), ...idle],
  };
}

/** What is to be said where groups of batch normalisation are fewer than ranks. @param rows of a batch */
function idleRanks(rows: number, chunking: Chunking, ranks: number): string[] {
  const groups = chunkCount(rows, chunking);
  if (chunking.groupRows === undefined || groups >= ranks) return [];
  const shared = Math.max(1, Math.floor(rows / ranks));
  return [
    `Batch normalisation takes its statistics over at most ${chunking.groupRows} samples, which are one rank's: of ${rows} only ${groups} of ${ranks} ranks have any to evaluate. Give --ghost-batch ${shared} to share them.`,
  ];
}

/**
 * The data with targets as the goal takes them, whose losses are tried.
 * @param model whose outputs the goal is of
 * @throws UsageError
 */
export async function dataFor(goal: Goal, model: tf.LayersModel, given: DataSplit): Promise<DataSplit> {
  for (const [i, { loss, targetShape }] of goal.outputs.entries()) {
    const shape = model.outputs[i]!.shape.slice(1).map((side) => side ?? 1);
    if (loss.ofRow === undefined) await tryLoss(loss, targetShape, shape);
  }
  return {
    ...given,
    train: withTargetsFor(goal, given.train, "training"),
    test: given.test && withTargetsFor(goal, given.test, "test"),
  };
}
