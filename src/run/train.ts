import type { Logger } from "pino";
import type { Communicator } from "../comm/communicator.js";
import { methodNamed } from "../methods/registry.js";
import type { Optimizer, StepReport } from "../methods/problem.js";
import { Batch } from "../network/batch.js";
import { serialiseModel } from "../network/model-file.js";
import { EvaluationCount, type NetworkProblem } from "../network/problem.js";
import { RunningStatistics } from "../network/running-statistics.js";
import { Epochs } from "./epochs.js";
import { evaluateQuality } from "./evaluate.js";
import { Ledger } from "./ledger.js";
import { openRankLog } from "./log.js";
import type { RunEvent } from "./events.js";
import type { Summary } from "../report/summary.js";
import type { TrainConfig } from "./options.js";
import { recordOf } from "./record.js";
import { RunFolder } from "./run-folder.js";
import { setUp, type DataFiles, type Setup } from "./setup.js";

/** What one rank brings to a run beside the configuration all share. */
export interface RankPlace {
  readonly comm: Communicator;
  readonly dataFiles?: DataFiles | undefined;
  /** Threads this rank may compute with. */
  readonly threads: number;
  /** Aborted when the run should end after the step it is in; one rank's wish is everybody's. */
  readonly stop?: AbortSignal;
  /** Told what happens; called on rank 0 only. */
  readonly observe?: (event: RunEvent) => void;
}

/**
 * The training loop. Every rank runs it; rank 0 writes the run folder `out`.
 * @throws UsageError before anything is written where configuration, data and model do not fit together
 */
export async function train(config: TrainConfig, out: string, place: RankPlace): Promise<Summary> {
  const { comm, stop } = place;
  const observe = comm.rank === 0 ? place.observe : undefined;
  const setup = await setUp(config, place.dataFiles, comm, place.threads);
  const { data, evaluator, decomposition, random } = setup;
  const optimizer = methodNamed(config.method).create(
    { comm, decomposition, plannedSteps: config.epochs * config.batches },
    config.methodOptions,
    setup.theta,
  );
  const count = new EvaluationCount();
  const epochs = new Epochs(setup, comm, count, config.batches, config.overlap, random.fork("batches"));
  const test = new Batch(data.test, data.normalisation, evaluator.mostRows);
  const ledger = new Ledger(config, comm, count);
  const statistics = new RunningStatistics(evaluator, comm);

  const record = recordOf(config, setup);
  const folder = comm.rank === 0 ? await RunFolder.create(out, record) : undefined;
  await comm.barrier(); // the folder is there
  const log = openRankLog(out, comm.rank);
  log.info(record, "started");
  observe?.({ type: "start", ...startOf(config, setup, comm), out });

  let ended: Summary["ended"] | undefined;
  for (let epoch = 1; ended === undefined; epoch++) {
    const began = performance.now();
    const { steps, stopped } = await oneEpoch(optimizer, epochs.problems(epoch), comm, stop, log, statistics);
    const elapsed = (performance.now() - began) / 1000;
    const quality = await evaluateQuality(comm, evaluator, test, optimizer.theta);
    const metrics = await ledger.close(epoch, steps, elapsed, quality);
    await folder?.addEpoch(metrics);
    log.info(metrics, "epoch");
    observe?.({ type: "epoch", metrics });
    if (stopped) ended = "stopped";
    else if (quality.accuracy >= (config.stopAtAccuracy ?? Infinity)) ended = "accuracy";
    else if (epoch >= config.epochs) ended = "epochs";
  }

  const summary = ledger.summary(data.name, decomposition.dimension, ended, out);
  evaluator.setParameters(optimizer.theta);
  if (folder) await folder.finish(summary, await serialiseModel(evaluator.exportModel()));
  log.info(summary, "done");
  await comm.barrier(); // nobody leaves before everything is on disk
  observe?.({ type: "done", summary });
  return summary;
}

/** Steps through the epoch's problems until they end or any rank wants to stop. */
async function oneEpoch(
  optimizer: Optimizer,
  problems: Iterable<NetworkProblem>,
  comm: Communicator,
  stop: AbortSignal | undefined,
  log: Logger,
  statistics: RunningStatistics,
): Promise<{ steps: StepReport[]; stopped: boolean }> {
  const steps: StepReport[] = [];
  for (const problem of problems) {
    const report = await optimizer.step(problem);
    steps.push(report);
    await statistics.follow(optimizer.theta, problem.batch, problem.batch.indices === undefined);
    log.debug({ step: steps.length, ...report }, "step");
    const wish = await comm.allreduce(Int32Array.of(stop?.aborted ? 1 : 0), "max");
    if (wish[0] === 1) return { steps, stopped: true };
  }
  return { steps, stopped: false };
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
