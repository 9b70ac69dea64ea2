import type { Communicator } from "../comm/communicator.js";
import { Batch } from "../network/batch.js";
import { serialiseModel } from "../network/model-file.js";
import { CheckpointFolder } from "./checkpoint-folder.js";
import { Checkpoints } from "./checkpoints.js";
import { evaluateQuality } from "./evaluate.js";
import { identityOf } from "./identity.js";
import type { Ledger } from "./ledger.js";
import { openRankLog } from "./log.js";
import type { RunEvent } from "./events.js";
import { lockFolder } from "./folder-lock.js";
import type { Summary } from "../report/summary.js";
import type { TrainConfig } from "./options.js";
import { recordOf } from "./record.js";
import { Reporter } from "./reporter.js";
import { findResumption, type Beginning } from "./resume.js";
import { RunFolder } from "./run-folder.js";
import { RunState } from "./run-state.js";
import { setUp, type DataFiles, type Setup } from "./setup.js";
import { TimeLimit } from "./time-limit.js";
import { agree, type Wish } from "./wishes.js";

/** What one rank brings to a run beside the configuration all share. */
export interface RankPlace {
  readonly comm: Communicator;
  /** Default: "new". */
  readonly beginning?: Beginning;
  readonly dataFiles?: DataFiles | undefined;
  /** Threads this rank may compute with. */
  readonly threads: number;
  /** Aborted when the run should end after the step it is in; one rank's wish is everybody's. */
  readonly stop?: AbortSignal;
  /** How long the job may still run, where it has a limit: the run stops before it. Asked on rank 0 only. */
  readonly secondsLeft?: () => Promise<number | undefined>;
  /** Told what happens; called on rank 0 only. */
  readonly observe?: (event: RunEvent) => void;
}

/**
 * The training loop. Every rank runs it; rank 0 writes the run folder `out`.
 * @throws UsageError before anything is written where configuration, data, model and checkpoint do not fit together
 */
export async function train(config: TrainConfig, out: string, place: RankPlace): Promise<Summary> {
  const unlock = place.comm.rank === 0 ? await lockFolder(out) : undefined;
  try {
    return await trainIn(out, config, place);
  } finally {
    unlock?.();
  }
}

async function trainIn(out: string, config: TrainConfig, place: RankPlace): Promise<Summary> {
  const { comm, beginning = "new" } = place;
  const isFirst = comm.rank === 0;
  const setup = await setUp(config, place.dataFiles, comm, place.threads);
  const { data, evaluator, decomposition } = setup;
  const test = new Batch(data.test, data.normalisation, evaluator.mostRows);
  const run = new RunState(config, setup, comm);
  const { optimizer, ledger } = run;

  // Begin, or go on where the last checkpoint was written.
  const identity = await comm.broadcastObject(isFirst ? identityOf(config, setup) : undefined);
  const checkpointFolder = new CheckpointFolder(out, config.keepCheckpoints);
  const wanted = { beginning, out, folder: checkpointFolder, identity, epochs: config.epochs };
  const resumption = await findResumption(comm, wanted);
  if (resumption) run.restore(resumption.checkpoint);
  let ended = goalReached(config, ledger);

  const record = recordOf(config, setup);
  const folder = isFirst ? await RunFolder.open(out, record, resumption && ledger.position) : undefined;
  await comm.barrier(); // the folder is there
  const log = openRankLog(out, comm.rank);
  const reporter = new Reporter(log, isFirst ? place.observe : undefined);
  log.info(record, "started");
  reporter.tell({ type: "start", ...startOf(config, setup, comm), out });
  if (resumption) {
    const { file, warnings } = resumption;
    for (const warning of warnings) reporter.warn(warning);
    log.info({ file, ...ledger.position }, "resumed");
    reporter.tell({ type: "resume", file, from: ledger.position, finished: ended !== undefined });
  }
  const checkpoints = new Checkpoints(config, comm, run, checkpointFolder, identity, reporter);
  const limit = new TimeLimit(isFirst ? place.secondsLeft : undefined);
  const wish = (): Wish => {
    if (limit.isNear() || place.stop?.aborted) return "stop";
    return isFirst && checkpoints.isDue() ? "checkpoint" : "go on";
  };

  while (ended === undefined) {
    const stopped = await finishEpoch(run, checkpoints, reporter, () => agree(comm, wish()));
    const isWhole = ledger.position.batches === config.batches;
    const quality = await evaluateQuality(comm, evaluator, test, optimizer.theta);
    const metrics = await ledger.close(quality);
    await reporter.attempt("write metrics.jsonl", async () => folder?.writeMetrics(ledger.metrics));
    log.info(metrics, "epoch");
    reporter.tell({ type: "epoch", metrics });
    ended = (isWhole ? goalReached(config, ledger) : undefined) ?? (stopped ? "stopped" : undefined);
    if (isWhole) await checkpoints.afterEpoch(ended !== undefined);
  }

  const summary = ledger.summary(data.name, decomposition.dimension, ended, out);
  evaluator.setParameters(optimizer.theta);
  if (folder) await folder.finish(summary, ledger.metrics, await serialiseModel(evaluator.exportModel()));
  log.info(summary, "done");
  await comm.barrier(); // nobody leaves before everything is on disk
  reporter.tell({ type: "done", summary });
  return summary;
}

/** Steps through what is left of the epoch, or until the ranks agree to stop, which is then true. */
async function finishEpoch(
  run: RunState,
  checkpoints: Checkpoints,
  reporter: Reporter,
  agreed: () => Promise<Wish>,
): Promise<boolean> {
  const { epochs, ledger } = run;
  const { epochs: closed, batches: done } = ledger.position;
  ledger.go();
  try {
    for (const problem of epochs.problems(closed + 1, done)) {
      const report = await run.step(problem);
      reporter.log.debug({ step: ledger.position.batches, ...report }, "step");
      const wish = await agreed();
      if (wish === "go on") continue;
      ledger.pause();
      await checkpoints.write();
      ledger.go();
      if (wish === "stop") return true;
    }
    return false;
  } finally {
    ledger.pause();
  }
}

/** Why the run is over after the epochs closed so far; undefined while it is not. */
function goalReached(config: TrainConfig, { metrics }: Ledger): Summary["ended"] | undefined {
  const last = metrics.at(-1);
  if (last === undefined) return undefined;
  if (last.testAccuracy >= (config.stopAtAccuracy ?? Infinity)) return "accuracy";
  return last.epoch >= config.epochs ? "epochs" : undefined;
}

function startOf(config: TrainConfig, { backend, data, decomposition }: Setup, comm: Communicator) {
  return {
    method: config.method,
    data: data.name,
    backend: `${backend.name}: ${backend.description}`,
    ranks: comm.size,
    subdomains: config.subdomains,
    parameters: decomposition.dimension,
    trainSamples: data.train.labels.length,
    testSamples: data.test.labels.length,
    epochs: config.epochs,
  };
}
