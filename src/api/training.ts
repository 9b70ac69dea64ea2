import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { handOverData } from "../data/dataset-file.js";
import type { Dataset } from "../data/dataset.js";
import { AptsError, UsageError } from "../errors.js";
import { planJob } from "../job/plan.js";
import { runJob } from "../job/run-job.js";
import { showRun } from "../job/show-run.js";
import type { Declaration } from "../network/goal/declared.js";
import { checkStandardisedInPlace } from "../network/inputs/standardisation.js";
import type { Summary } from "../report/summary.js";
import type { RunEvent } from "../run/events.js";
import type { FitManner, ProgramEvent, Word } from "../run/program.js";
import type { Callbacks } from "./callbacks.js";
import type { HandedModel } from "./hand-over.js";
import { expectNotStandardised, markStandardised } from "./own-models.js";

/** A training that a program wants, with what it holds itself. */
export interface Training {
  /** Those of the run, of the job and of its launch. */
  readonly options: Readonly<Record<string, unknown>>;
  readonly model: HandedModel | undefined;
  readonly samples: { readonly train: Dataset; readonly test: Dataset | undefined } | undefined;
  /** For what is handed over. */
  readonly folder: string;
  /** Whether progress is shown. */
  readonly verbose: boolean;
  /** Shown before it. */
  readonly note?: string | undefined;
  readonly callbacks: Callbacks;
  readonly observe: (event: RunEvent) => void;
  readonly fit?: FitPart;
}

/** What `fit` has beside that. */
export interface FitPart {
  /** What is minimised where `compile` does not say it. */
  readonly goal: Partial<Declaration>;
  readonly manner: Omit<FitManner, "waits"> & { readonly waits: boolean };
  /** @param takeWeights writes the weights as they were at the event into the program's model */
  takePart(event: ProgramEvent, answer: (word: Word) => void, takeWeights: () => Promise<void>): void;
}

/**
 * Trains on ranks, and writes what was learned into the program's model.
 * @throws UsageError for what cannot be; AptsError with the first cause where a rank fails; what a callback has thrown
 */
export async function trainOnRanks(training: Training): Promise<Summary> {
  const { options, model, samples, folder, verbose, note, callbacks, observe, fit } = training;
  const method: unknown = options["method"];
  // Ranks are processes of their own: they read a method where they read this program's.
  const values = { ...options, method: method instanceof URL ? method.href : method };
  const memory = { data: samples !== undefined, model: model !== undefined };
  const job = await planJob([{ source: { kind: "program" }, values }], memory);
  const { standardise } = job.spec.config;
  const modelTo = join(folder, "now");
  await mkdir(modelTo);
  const handedOver = {
    ...(samples ? { data: await handOverData(samples, folder) } : {}),
    ...(model ? { model: model.path, goal: { ...model.goal, ...fit?.goal } } : {}),
    ...(fit ? { fit: { ...fit.manner, waits: fit.manner.waits ? { modelTo } : undefined } } : {}),
  };
  if (model && standardise) {
    expectNotStandardised(model.own);
    checkStandardisedInPlace(model.own, samples?.train);
  }
  const show = verbose ? showRun(false) : undefined;
  if (note !== undefined) show?.({ type: "warning", message: note });
  const { summary, failure } = await runJob(
    { ...job, spec: { ...job.spec, handedOver } },
    {
      model: model?.own,
      observe: (event) => {
        // The program has the summary, and shows of it what it likes.
        if (event.type !== "done") show?.(event);
        observe(event);
      },
      takePart: (event, answer) =>
        fit?.takePart(event, answer, async () => model?.takeBack(join(modelTo, "model.json"))),
      signal: callbacks.signal,
    },
  );
  await callbacks.settled();
  callbacks.check();
  if (failure?.exitCode === 2) throw new UsageError(failure.report?.message ?? failure.description);
  if (!summary) {
    const stopped = "The training was stopped before its first step: nothing was learned, nothing is kept.";
    throw new AptsError(
      failure?.description ?? (callbacks.signal.aborted ? stopped : "The run ended without a summary."),
    );
  }
  await model?.takeBack(join(summary.out, "model", "model.json"));
  if (model && standardise) markStandardised(model.own);
  return summary;
}
