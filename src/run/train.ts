import { join } from "node:path";
import type { tf } from "../compute/tensorflow.js";
import { collectGarbage } from "../host/garbage.js";
import { Batch, measuredChunking } from "../network/batch.js";
import { expectPlaceFor } from "../paths.js";
import { formatPlural } from "../report/format.js";
import { PARTS_FILE } from "../report/parts.js";
import type { Summary } from "../report/summary.js";
import { TRACE_FILE, traceFileOf } from "../report/trace.js";
import { begin } from "./begin.js";
import type { Checkpoints } from "./checkpoint/writer.js";
import { summaryOf } from "./ledger.js";
import { FolderLock } from "./folder/lock.js";
import type { RunFolder } from "./folder/run-folder.js";
import type { TrainConfig } from "./options/config.js";
import type { RankPlace } from "./place.js";
import { CpuProfile } from "./profile.js";
import { ProgramPart } from "./program.js";
import type { Reporter } from "./reporter.js";
import { setUp, type Setup } from "./setup.js";
import { accountOf } from "./stages/account.js";
import { handBackStages } from "./stages/hand-back.js";
import { textOf, writeSample } from "./text-sample.js";
import { TimeLimit } from "./time-limit.js";
import { Tracking } from "../track/tracking.js";
import { TrainingRun } from "./training-run.js";
import { Agreement, type Wish } from "./wishes.js";

/**
 * The training loop. Every rank runs it; rank 0 writes the run folder `out`.
 * @throws UsageError before anything is written where configuration, data, model and checkpoint do not fit together;
 * DivergedError, on every rank, where a loss is not finite
 */
export async function train(config: TrainConfig, out: string, place: RankPlace): Promise<Summary> {
  if (place.comm.rank === 0) await expectPlaceFor(out, "the run folder");
  const lock = new FolderLock(out);
  const profile = new CpuProfile(join(out, `rank-${place.comm.rank}.cpuprofile`));
  const tracking = new Tracking();
  try {
    return await trainIn(out, config, place, { lock, profile, tracking });
  } finally {
    await tracking.end("failed").catch(() => undefined); // unless its end has been told
    await profile.finish();
    lock.release();
  }
}

/** What is ended with a run, however it ends. */
interface Around {
  readonly lock: FolderLock;
  readonly profile: CpuProfile;
  readonly tracking: Tracking;
}

async function trainIn(
  out: string,
  config: TrainConfig,
  place: RankPlace,
  { lock, profile, tracking }: Around,
): Promise<Summary> {
  const { comm } = place;
  const isFirst = comm.rank === 0;
  const setup = await setUp(config, place.handedOver ?? {}, comm, place.threads);
  const { data, inputs, network } = setup;
  const { dimension: parameters } = network.space;
  const program = new ProgramPart(config.timeout, place);
  // Judged is the model that is handed back, on samples as they are.
  const measuring = { ...inputs.measuring, ...network.reading };
  const inStages = setup.stages && { groupRows: setup.stages.microBatchRows };
  const test = data.test && new Batch(data.test, measuring, inStages ?? measuredChunking(data.test));
  const run = await TrainingRun.prepare(config, setup, comm);

  const { folder, checkpoints, reporter } = await begin(config, place, { out, setup, run, lock, tracking });
  if (config.profile) await profile.start();
  await program.turn({ type: "begin" }); // a stop ends this process yet
  place.begun?.();
  const limit = new TimeLimit(isFirst ? place.secondsLeft : undefined);
  const wish = (): Wish => {
    if (limit.isNear() || place.stop?.aborted) return "stop";
    return isFirst && checkpoints.isDue() ? "checkpoint" : "go on";
  };

  const measured = (batches: Iterable<Batch> | AsyncIterable<Batch>) =>
    inputs.handedBack(run.parameters, (theta) => network.score(batches, theta));

  const isScarce = config.memory !== undefined && run.parameters.byteLength >= LARGE;
  const agreement = new Agreement(comm);
  let ended: Summary["ended"] | undefined = run.goalReached();
  if (!ended) await run.epochs.prepare?.(run.stepsDone, run.parameters);
  while (ended === undefined) {
    const stopped = await finishEpoch(run, { checkpoints, reporter, program, tracking, isScarce }, () =>
      agreement.afterStep(wish, run.state.ledger.steps.loss),
    );
    const { epochs, batches } = run.position;
    const isWhole = batches === setup.cut.batchesPerEpoch;
    const quality = test && (await measured([test]));
    if (quality) await run.divergence.afterEpoch(quality.loss, run.parameters, epochs + 1);
    const metrics = await run.closeEpoch(quality);
    await reporter.attempt("write metrics.jsonl", async () => folder?.metrics.append(metrics));
    reporter.log.info(metrics, "epoch");
    reporter.tell({ type: "epoch", metrics });
    ended = (isWhole ? run.goalReached() : undefined) ?? (stopped ? "stopped" : undefined);
    const training = program.manner?.measuresTraining
      ? (await measured(run.measuring(program.samples))).metrics
      : {};
    await reporter.attempt("write what --track asks for", () => tracking.epoch(metrics, training));
    const said = await program.turn({ type: "epoch end", metrics, training, ended }, () => run.modelNow());
    ended ??= said;
    if (isWhole) await checkpoints.afterEpoch(ended !== undefined);
  }

  const account = setup.stages && (await accountOf(setup.stages, comm));
  const summary = summaryOf(run.state.ledger, config.keepBest, {
    ...(account && { stages: account }),
    method: config.methodName,
    data: data.name,
    ranks: comm.size,
    subdomains: config.subdomains,
    parameters,
    ended,
    out,
  });
  await writeMeasurements(run, folder, reporter);
  const title = `${summary.method} on ${data.name}, ${formatPlural(parameters, "parameter")}`;
  await reporter.attempt("draw curves.svg", async () => folder?.draw(summary.method, title));
  if (setup.stages) await handBackStages(setup.stages, run, folder, summary);
  else if (folder) {
    await folder.finish(summary, await run.model());
    await reporter.attempt("write a sample of text", () =>
      run.withHeld((held) => sampleText(config, setup, held, folder, reporter)),
    );
  }
  await reporter.attempt("end what --track asks for", () =>
    tracking.end(ended === "stopped" ? "stopped" : "finished"),
  );
  reporter.log.info(summary, "done");
  await comm.barrier(); // nobody leaves before everything is on disk
  reporter.tell({ type: "done", summary });
  return summary;
}

/** What the ranks have measured of their steps. Collective. */
async function writeMeasurements(
  { meter, trace }: TrainingRun,
  folder: RunFolder | undefined,
  reporter: Reporter,
): Promise<void> {
  const parts = await meter.parts.gather();
  const traced = await trace.gather();
  if (!folder) return;
  if (parts) await reporter.attempt(`write ${PARTS_FILE}`, () => folder.writeJson(PARTS_FILE, parts));
  if (traced)
    await reporter.attempt(`write ${TRACE_FILE}`, () => folder.writeJson(TRACE_FILE, traceFileOf(traced)));
}

/** Of a model of text, what it writes: for people to see what it has learned. */
async function sampleText(
  { tokens }: TrainConfig,
  setup: Setup,
  held: tf.LayersModel,
  folder: RunFolder,
  reporter: Reporter,
): Promise<void> {
  const { data, goal, inputs, random } = setup;
  const text = textOf(data.test ?? data.train, goal, tokens);
  if (!text) return;
  const sample = await writeSample(inputs.whole(held), goal, text, random.fork("sample"));
  await folder.write("sample.txt", `${sample}\n`);
  reporter.tell({ type: "sample", text: sample });
}

/** Who hears of steps, and what is done between them. */
interface Beside {
  readonly checkpoints: Checkpoints;
  readonly reporter: Reporter;
  readonly program: ProgramPart;
  readonly tracking: Tracking;
  /** Vectors that a step has left behind are given back before the next. */
  readonly isScarce: boolean;
}

/** Bytes of θ from which on that is worth the time it takes, where memory was limited. */
const LARGE = 2 ** 25;

/** Steps through what is left of the epoch, or until the ranks agree to stop, which is then true. */
async function finishEpoch(
  run: TrainingRun,
  { checkpoints, reporter, program, tracking, isScarce }: Beside,
  agreed: () => Promise<Wish>,
): Promise<boolean> {
  const { meter, trace } = run;
  const { epochs: closed, batches: done } = run.position;
  meter.go();
  try {
    for await (const problem of run.epochs.problems(closed + 1, done, program.samples)) {
      trace.begin(run.stepsDone);
      const report = await run.step(problem);
      if (isScarce) collectGarbage();
      const { batches: step } = run.position;
      reporter.log.debug({ step, ...report }, "step");
      await tracking.step(run.stepsDone, report);
      program.tellStep({ batch: step - 1, size: problem.batch.rows, loss: report.loss });
      const wish = await agreed();
      meter.parts.stepped();
      trace.end(run.stepsDone);
      if (wish === "go on") continue;
      await run.measureStatistics(program.samples);
      meter.pause();
      await checkpoints.write();
      meter.go();
      if (wish === "stop") return true;
    }
    await run.measureStatistics(program.samples);
    return false;
  } finally {
    meter.pause();
  }
}
