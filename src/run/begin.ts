import { CheckpointFolder } from "./checkpoint/store.js";
import { Checkpoints } from "./checkpoint/writer.js";
import type { FolderLock } from "./folder/lock.js";
import { identityOf } from "./checkpoint/identity.js";
import { openRankLog } from "./log.js";
import type { Tracking } from "../track/tracking.js";
import type { TrainConfig } from "./options/config.js";
import { hyperParametersOf } from "./options/hyper-parameters.js";
import type { RankPlace } from "./place.js";
import { recordOf } from "./folder/record.js";
import { Reporter } from "./reporter.js";
import { findStart } from "./checkpoint/start.js";
import { RunFolder } from "./folder/run-folder.js";
import type { TrainingRun } from "./training-run.js";
import type { Setup } from "./setup.js";

/** What is to begin, and the folder it is to begin in. */
interface Beginnings {
  readonly out: string;
  readonly setup: Setup;
  readonly run: TrainingRun;
  readonly lock: FolderLock;
  readonly tracking: Tracking;
}

/** What a run has beside its state, once it has begun. */
export interface Begun {
  /** On rank 0. */
  readonly folder: RunFolder | undefined;
  readonly checkpoints: Checkpoints;
  readonly reporter: Reporter;
}

/**
 * Begins a run, or goes on where the last checkpoint was written: `run` is then what it was. Collective.
 * @throws UsageError on rank 0, before anything is written, where folder or checkpoint is not what the run needs
 */
export async function begin(
  config: TrainConfig,
  { comm, beginning = "new", observe }: RankPlace,
  { out, setup, run, lock, tracking }: Beginnings,
): Promise<Begun> {
  const isFirst = comm.rank === 0;
  if (isFirst) await lock.take();
  const identity = await comm.broadcastObject(isFirst ? identityOf(config, setup) : undefined);
  const checkpointFolder = new CheckpointFolder(out, config.keepCheckpoints);
  const wanted = { beginning, out, folder: checkpointFolder, identity, epochs: config.epochs };
  const { checkpoint, file, warnings } = await findStart(comm, wanted);
  if (checkpoint) {
    const staged = "shards" in checkpoint;
    run.state = staged ? await checkpointFolder.stateIn(checkpoint, setup.stages!.stage) : checkpoint.state;
  }

  const from = checkpoint && run.position;
  const record = recordOf(config, setup, identity);
  const folder = isFirst ? await RunFolder.open(out, record, from) : undefined;
  if (folder) {
    const hyperParameters = hyperParametersOf(record.options);
    const { epochs } = run.position;
    await tracking.begin(config.track, { folder: out, hyperParameters, epochs, steps: run.stepsDone });
  }
  await comm.barrier(); // the folder is there
  const reporter = new Reporter(openRankLog(out, comm.rank), isFirst ? observe : undefined);
  reporter.log.info({ ...record, resumed: from && { from, file } }, "started");
  reporter.tell({
    type: "start",
    method: config.methodName,
    data: setup.data.name,
    backend: `${setup.backend.name}: ${setup.backend.description}`,
    ranks: comm.size,
    stages: config.stages,
    microBatches: setup.stages?.microBatches ?? 1,
    subdomains: config.subdomains,
    parameters: setup.network.space.dimension,
    trainSamples: setup.streamed?.count ?? setup.data.train.count,
    testSamples: setup.data.test?.count ?? 0,
    losses: setup.goal.objective ? ["objective"] : setup.goal.outputs.map(({ reported }) => reported.name),
    epochs: config.epochs,
    out,
  });
  for (const warning of [...setup.warnings, ...warnings]) reporter.warn(warning);
  if (from && folder && folder.metrics.lines < from.epochs) {
    reporter.warn(
      `metrics.jsonl has ${folder.metrics.lines} of the ${from.epochs} epochs that are done: the curves lack the others.`,
    );
  }
  if (from) reporter.tell({ type: "resume", file: file!, from, finished: run.goalReached() });
  const checkpoints = new Checkpoints({
    comm,
    run,
    identity,
    folder: checkpointFolder,
    stages: setup.stages,
    reporter,
    every: config.checkpointEvery,
    minutes: config.checkpointMinutes,
  });
  return { folder, checkpoints, reporter };
}
