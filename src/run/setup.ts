import type { Communicator } from "../comm/communicator.js";
import { startBackend, type ComputeBackend } from "../compute/backend.js";
import { isStreamed, type Dataset, type DataSplit } from "../data/dataset.js";
import { headerOf } from "../data/dataset-file.js";
import { fingerprintOf } from "../data/fingerprint.js";
import { isDataName } from "../data/sources.js";
import { AptsError, UsageError } from "../errors.js";
import type { Declaration } from "../network/goal/declared.js";
import { Random } from "../random.js";
import { dataOf, type DataFiles } from "./data-of-run.js";
import { declarationsOf, objectiveOf } from "./declarations.js";
import { holdWhole, type Held } from "./hold-whole.js";
import { cutOf, type Cut, type TrainConfig } from "./options/config.js";
import type { FitManner, StreamedSamples } from "./program.js";
import { holdStage } from "./stages/hold-stage.js";
import { surprisesIn } from "./surprises.js";

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
export interface Setup extends Held {
  readonly backend: ComputeBackend;
  /** Mini-batches hold the samples in their order; else they are drawn anew each epoch. */
  readonly inOrder: boolean;
  readonly cut: Cut;
  /** Samples come anew for each epoch: `data.train` are those of the first mini-batch. */
  readonly streamed: StreamedSamples | undefined;
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
  const backend = await startBackend({ backend: config.backend, threads, blas: config.blas });
  await checkAlike(comm, backend);
  const random = new Random(config.seed);
  const given = await dataOf(config, handedOver.data);
  if (!handedOver.data && !isDataName(config.data)) await checkSameData(comm, given);
  const wanted = {
    config,
    source: handedOver.model ?? config.model,
    given,
    declared: await declarationsOf(config, handedOver.goal),
    objective: await objectiveOf(config),
    backend,
    comm,
    random,
  };
  const held = config.stages === 1 ? await holdWhole(wanted) : await holdStage(wanted);
  return {
    ...held,
    warnings: [...(handedOver.fit ? [] : surprisesIn(config, given)), ...held.warnings],
    backend,
    inOrder: handedOver.fit?.inOrder ?? false,
    cut: cutOf(config, held.data.train.count),
    streamed: handedOver.fit?.streamed,
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
