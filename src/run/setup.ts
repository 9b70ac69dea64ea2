import type { Communicator } from "../comm/communicator.js";
import { startBackend, type ComputeBackend } from "../compute/backend.js";
import { Random } from "../random.js";
import { isStreamed, rowsOf, type Dataset, type DataSplit } from "../data/dataset.js";
import { headerOf } from "../data/dataset-file.js";
import { fingerprintOf } from "../data/fingerprint.js";
import { isDataName } from "../data/sources.js";
import type { Decomposition } from "../decomposition/decomposition.js";
import { AptsError, UsageError } from "../errors.js";
import type { Vector } from "../linalg/vector.js";
import { bringsWeights, buildModel } from "../network/build.js";
import type { Declaration } from "../network/goal/declared.js";
import type { Goal } from "../network/goal/goal.js";
import { surprisesOf } from "../network/goal/surprises.js";
import { tryLoss } from "../network/goal/own-loss.js";
import { withTargetsFor } from "../network/goal/targets.js";
import { createEvaluator } from "../network/evaluator.js";
import { treatInputs, type InputTreatment } from "../network/inputs/standardisation.js";
import { Batch } from "../network/batch.js";
import { TapeEvaluator } from "../network/tape/evaluator.js";
import { tryOut } from "../network/tape/try-out.js";
import { layoutOf } from "../network/parameters.js";
import { topologyOf } from "../network/model-file.js";
import { penaltyOf } from "../network/penalty.js";
import type { RankNetwork } from "../network/rank-network.js";
import { WholeNetwork } from "../network/whole-network.js";
import { dataOf, type DataFiles } from "./data-of-run.js";
import { declarationsOf, objectiveOf } from "./declarations.js";
import type { FitManner, StreamedSamples } from "./program.js";
import { decompose } from "./decompose.js";
import { cutOf, type Cut, type TrainConfig } from "./options/config.js";
import type { StagesOfRun } from "./stages/stages-of-run.js";

/** What the program that started the run held in memory, in files: of `writeDataset`, and a `model.json`. */
export interface HandedOver {
  readonly data?: DataFiles;
  readonly model?: string;
  /** What that program has declared. */
  readonly goal?: Declaration;
  /** Where its `fit` has started the run. */
  readonly fit?: FitManner;
}

/** Everything a rank needs before the first epoch. */
export interface Setup {
  readonly backend: ComputeBackend;
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
  /** Mini-batches hold the samples in their order; else they are drawn anew each epoch. */
  readonly inOrder: boolean;
  readonly cut: Cut;
  /** Samples come anew for each epoch: `data.train` are those of the first mini-batch. */
  readonly streamed: StreamedSamples | undefined;
  /** Samples that batch normalisation takes its statistics over, at most; undefined where the model has none. */
  readonly groupRows: number | undefined;
  readonly decomposition: Decomposition;
  /** N, where batches are cut in shards. */
  readonly shards: number | undefined;
  /** θ⁰, the same on every rank. */
  readonly theta: Vector;
  /** What is to be said before it starts. */
  readonly warnings: readonly string[];
  /** The run's source of randomness; streams are forked off it by name. */
  readonly random: Random;
}

/** Backend, data, model and decomposition: the same on every rank, or an error that says what differs. */
export async function setUp(
  config: TrainConfig,
  handedOver: HandedOver,
  comm: Communicator,
  threads: number,
): Promise<Setup> {
  if (config.stages > 1) {
    throw new UsageError(
      `Expected a network that is whole on every rank, got --stages ${config.stages}. Leave it out.`,
    );
  }
  const backend = await startBackend({ backend: config.backend, threads, blas: config.blas });
  await checkAlike(comm, backend);
  const random = new Random(config.seed);
  const given = await dataOf(config, handedOver.data);
  if (!handedOver.data && !isDataName(config.data)) await checkSameData(comm, given);
  const source = handedOver.model ?? config.model;
  const kind = { ...given.train, name: given.name };
  const declared = await declarationsOf(config, handedOver.goal);
  const drawing = random.fork("initialisation");
  const objective = await objectiveOf(config);
  const choice = { ...config, model: source };
  const { model, goal } = await buildModel(choice, kind, drawing, declared, objective);
  for (const [i, { loss, targetShape }] of goal.outputs.entries()) {
    const shape = model.outputs[i]!.shape.slice(1).map((side) => side ?? 1);
    if (loss.ofRow === undefined) await tryLoss(loss, targetShape, shape);
  }
  const data = {
    ...given,
    train: withTargetsFor(goal, given.train, "training"),
    test: given.test && withTargetsFor(goal, given.test, "test"),
  };
  const { standardise } = config;
  const inputs = treatInputs(model, data.train, {
    standardise,
    freshWeights: !bringsWeights({ model: source }),
  });
  const { seed } = config;
  const evaluator = await createEvaluator(model, goal, backend, { memory: config.memory * 2 ** 20, seed });
  if (evaluator instanceof TapeEvaluator) {
    const some = new Batch(rowsOf(data.train, 0, Math.min(2, data.train.count)), inputs.training);
    await tryOut(evaluator, model, some.chunk(0), source);
    some.dispose();
  }
  const { layout, variables } = layoutOf(model);
  const penalty = penaltyOf(model, layout, variables);
  const decomposition = decompose(config, evaluator.layout.slots, random);
  // A user's module may draw weights of its own: rank 0's are everybody's.
  const theta = await comm.broadcast(evaluator.parameters(), 0);
  const shards = config.shards && config.subdomains;
  const network = new WholeNetwork({
    evaluator,
    penalty,
    comm,
    subdomains: decomposition.subdomains,
    shards,
  });
  const groupRows = network.hasStatistics ? config.ghostBatch : undefined;
  const warnings = surprisesOf(model, goal, given.train.targets);
  return {
    backend,
    data,
    goal,
    inputs,
    network,
    stages: undefined,
    topology: topologyOf(model),
    blockRows: evaluator.blockRows,
    inOrder: handedOver.fit?.inOrder ?? false,
    cut: cutOf(config, data.train.count),
    streamed: handedOver.fit?.streamed,
    groupRows,
    decomposition,
    shards,
    theta,
    warnings,
    random,
  };
}

/**
 * Files of one path may differ from host to host, and a module may make other data each time. Of samples that stay in
 * their files only what is said of them is compared.
 */
async function checkSameData(comm: Communicator, { name, train, test }: DataSplit): Promise<void> {
  const tell = (dataset: Dataset) =>
    isStreamed(dataset) ? JSON.stringify(headerOf(dataset)) : fingerprintOf(dataset);
  const told = await comm.allgatherObject([tell(train), test ? tell(test) : ""].join());
  const other = told.findIndex((one) => one !== told[0]);
  if (other < 0) return;
  throw new UsageError(
    `Expected the same samples in ${name} on all ranks, got others on rank ${other} than on rank 0. ` +
      "Give all hosts the same file; a module must make the same data whenever it is called.",
  );
}

/** Different libraries, core types or thread counts give different bits (docs/algorithms.md §9). */
async function checkAlike(comm: Communicator, backend: ComputeBackend): Promise<void> {
  const fingerprints = await comm.allgatherObject(backend.fingerprint);
  const other = fingerprints.findIndex((fingerprint) => fingerprint !== fingerprints[0]);
  if (other > 0) {
    throw new AptsError(
      `Expected the same compute backend on all ranks, got "${fingerprints[0]!}" on rank 0 and "${fingerprints[other]!}" on rank ${other}. ` +
        `Choose one that all hosts have with --backend and --threads.`,
    );
  }
}
