import { CheckpointFolder } from "./checkpoint-folder.js";
import { Checkpoints } from "./checkpoints.js";
import type { FolderLock } from "./folder-lock.js";
import { identityOf } from "./identity.js";
import { openRankLog } from "./log.js";
import type { TrainConfig } from "./options.js";
import type { RankPlace } from "./place.js";
import { recordOf } from "./record.js";
import { Reporter } from "./reporter.js";
import { findStart } from "./resume.js";
import { RunFolder } from "./run-folder.js";
import type { RunState } from "./run-state.js";
import type { Setup } from "./setup.js";

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
  out: string,
  { comm, beginning = "new", observe }: RankPlace,
  setup: Setup,
  run: RunState,
  lock: FolderLock,
): Promise<Begun> {
  const isFirst = comm.rank === 0;
  if (isFirst) await lock.take();
  const identity = await comm.broadcastObject(isFirst ? identityOf(config, setup) : undefined);
  const checkpointFolder = new CheckpointFolder(out, config.keepCheckpoints);
  const wanted = { beginning, out, folder: checkpointFolder, identity, epochs: config.epochs };
  const { checkpoint, file, warnings } = await findStart(comm, wanted);
  if (checkpoint) run.restore(checkpoint);

  const from = checkpoint && run.ledger.position;
  const record = recordOf(config, setup, identity);
  const folder = isFirst ? await RunFolder.open(out, record, from) : undefined;
  await comm.barrier(); // the folder is there
  const reporter = new Reporter(openRankLog(out, comm.rank), isFirst ? observe : undefined);
  reporter.log.info({ ...record, resumed: from && { from, file } }, "started");
  reporter.tell({
    type: "start",
    method: config.method,
    data: setup.data.name,
    backend: `${setup.backend.name}: ${setup.backend.description}`,
    ranks: comm.size,
    subdomains: config.subdomains,
    parameters: setup.decomposition.dimension,
    trainSamples: setup.data.train.labels.length,
    testSamples: setup.data.test.labels.length,
    epochs: config.epochs,
    out,
  });
  for (const warning of warnings) reporter.warn(warning);
  if (from && folder && folder.metrics.lines < from.epochs) {
    reporter.warn(
      `metrics.jsonl has ${folder.metrics.lines} of the ${from.epochs} epochs that are done: the curves lack the others.`,
    );
  }
  if (from) reporter.tell({ type: "resume", file: file!, from, finished: run.goalReached() });
  const checkpoints = new Checkpoints(config, comm, run, checkpointFolder, identity, reporter);
  return { folder, checkpoints, reporter };
}
