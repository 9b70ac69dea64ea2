import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { tf } from "../compute/tensorflow.js";
import { describe } from "../data/arrays.js";
import type { ModelSlots } from "../data/in-memory.js";
import { handOverData } from "../data/dataset-file.js";
import { checkData, type DataInMemory } from "../data/given-data.js";
import { AptsError, UsageError } from "../errors.js";
import type { startOptions } from "../job/job-options.js";
import { planJob } from "../job/plan.js";
import { runJob } from "../job/run-job.js";
import { showRun } from "../job/show-run.js";
import type { MethodName, MethodOptions } from "../methods/registry.js";
import { checkStandardisedInPlace } from "../network/inputs/standardisation.js";
import { namesOf } from "../network/inspect/graph.js";
import type { EpochMetrics } from "../report/metrics.js";
import type { Summary } from "../report/summary.js";
import type { RunEvent } from "../run/events.js";
import type { PartOf, RunOptions } from "../run/options/config.js";
import { Callbacks } from "./callbacks.js";
import { refuseForeignOptions } from "./foreign-options.js";
import { handOverModel } from "./hand-over.js";
import { expectNotStandardised, markStandardised, takeModel } from "./own-models.js";

/**
 * What `train` takes: every option of `apts train` under its camelCase name (`stopAtAccuracy`, `maxRadius`, …), and
 * what only a program can give.
 */
export interface TrainRequest
  extends Omit<RunOptions, "method" | "model" | "data">, Omit<PartOf<typeof startOptions>, "dryRun"> {
  /** A built-in method; for one of a program's own see `OwnMethodRequest`. */
  readonly method?: MethodName | undefined;
  /** A LayersModel (trained in place), or as on the command line: `fcnn`, a `model.json`, a module. */
  readonly model?: tf.LayersModel | string | undefined;
  /** Samples in memory, or as on the command line: `digits`, `mnist`, the path of a file or folder. */
  readonly data?: DataInMemory | string;
  /** Called at the end of every epoch. */
  readonly onEpoch?: ((metrics: EpochMetrics) => void | Promise<void>) | undefined;
  /** Called with everything the run tells of itself. */
  readonly onEvent?: ((event: RunEvent) => void | Promise<void>) | undefined;
  /** Aborting it ends the run after the step it is in; what was learned so far is kept. */
  readonly signal?: AbortSignal | undefined;
  /** Whether a line an epoch goes to standard error; default: where that is a terminal. */
  readonly verbose?: boolean | 0 | 1 | undefined;
}

/** The same with a method of one's own, a module that exports `method`, which has its options. */
export interface OwnMethodRequest extends Omit<TrainRequest, "method" | keyof MethodOptions> {
  readonly method: URL | `${string}.${"js" | "mjs" | "cjs" | "ts" | "mts"}`;
  readonly [option: string]: unknown;
}

/**
 * Trains on several processes, of this machine where no host file is given, and resolves with the summary that is also in the run folder.
 *
 * @throws UsageError for options, model or data that cannot be; AptsError with the first cause where a rank fails
 */
export async function train(request: TrainRequest | OwnMethodRequest = {}): Promise<Summary> {
  checkRequest(request);
  const { model, data, onEpoch, onEvent, signal, verbose, ...options } = request;
  refuseForeignOptions(options);
  if ("dryRun" in options)
    throw new UsageError('Expected options of a run, got "dryRun", which the command line alone has.');
  const method: unknown = options.method;
  const own = isModel(model) ? model : undefined;
  const values: Record<string, unknown> = {
    ...options,
    // Ranks are processes of their own: they read a method where they read this program's.
    method: method instanceof URL ? method.href : method,
    model: own ? undefined : model,
    data: typeof data === "string" ? data : undefined,
  };
  const callbacks = new Callbacks(signal);
  const giveBack = own && takeModel(own);
  const handover = await mkdtemp(join(tmpdir(), "apts-"));
  try {
    const handed = own && (await handOverModel(own, handover));
    const samples =
      data === undefined || typeof data === "string" ? undefined : await checkData(data, slotsOf(model));
    const memory = { data: samples !== undefined, model: own !== undefined };
    const job = await planJob([{ source: { kind: "program" }, values }], memory);
    const { standardise } = job.spec.config;
    const handedOver = {
      ...(samples ? { data: await handOverData(samples, handover) } : {}),
      ...(handed ? { model: handed.path, goal: handed.goal } : {}),
    };
    if (own && standardise) {
      expectNotStandardised(own);
      checkStandardisedInPlace(own, samples?.train);
    }
    const show = (verbose ?? process.stderr.isTTY) ? showRun(false) : undefined;
    const result = await runJob(
      { ...job, spec: { ...job.spec, handedOver } },
      {
        model: own,
        observe: (event) => {
          // The program has the summary, and shows of it what it likes.
          if (event.type !== "done") show?.(event);
          callbacks.heed(onEvent?.(event));
          if (event.type === "epoch") callbacks.heed(onEpoch?.(event.metrics));
        },
        signal: callbacks.signal,
      },
    );
    callbacks.check();
    const { summary, failure } = result;
    if (failure?.exitCode === 2) throw new UsageError(failure.report?.message ?? failure.description);
    if (!summary) {
      const stopped = "The training was stopped before its first step: nothing was learned, nothing is kept.";
      throw new AptsError(
        failure?.description ?? (signal?.aborted ? stopped : "The run ended without a summary."),
      );
    }
    await handed?.takeBack(join(summary.out, "model", "model.json"));
    if (own && standardise) markStandardised(own);
    return summary;
  } finally {
    giveBack?.();
    await rm(handover, { recursive: true, force: true });
  }
}

function checkRequest(request: unknown): asserts request is TrainRequest {
  if (typeof request !== "object" || request === null || Array.isArray(request)) {
    throw new UsageError(
      `Expected train({ model, data, … }), an object of options, got ${describe(request)}.`,
    );
  }
  const { method, model, data, onEpoch, onEvent, signal } = request as TrainRequest;
  if (method !== undefined && typeof method !== "string" && !((method as unknown) instanceof URL)) {
    throw new UsageError(
      `Expected method to be the name of a method, or the path or URL of a module that exports method, since ranks are processes of their own, got ${describe(method)}.`,
    );
  }
  if ("model" in request && typeof model !== "string" && model !== undefined && !isModel(model)) {
    throw new UsageError(
      `Expected model to be a LayersModel (tf.sequential, tf.model, tf.loadLayersModel), the name of a built-in network, ` +
        `or the path of a model, got ${describe(model)}.`,
    );
  }
  // `data: undefined` is a program's mistake, which must not train on the built-in digits.
  if ("data" in request && data === undefined)
    throw new UsageError(
      "Expected data to be { train, test }, the name of a data set or a path, got undefined.",
    );
  for (const [name, callback] of Object.entries({ onEpoch, onEvent })) {
    if (callback !== undefined && typeof callback !== "function")
      throw new UsageError(`Expected ${name} to be a function, got ${describe(callback)}.`);
  }
  if (signal !== undefined && typeof (signal as Partial<AbortSignal>).addEventListener !== "function")
    throw new UsageError(`Expected signal to be an AbortSignal, got ${describe(signal)}.`);
}

/** Told by what it has: another copy of TensorFlow.js has another class of the name. */
function isModel(model: unknown): model is tf.LayersModel {
  const { layers, getWeights, setWeights, save } = (model ?? {}) as Partial<tf.LayersModel>;
  return (
    Array.isArray(layers) && [getWeights, setWeights, save].every((method) => typeof method === "function")
  );
}

/** The inputs and outputs of a model that is given as such. */
function slotsOf(model: TrainRequest["model"]): ModelSlots | undefined {
  if (typeof model !== "object") return undefined;
  const { inputs, outputs } = model as unknown as Record<
    "inputs" | "outputs",
    tf.SymbolicTensor[] | undefined
  >;
  if (!inputs || !outputs) return undefined;
  const slots = (tensors: tf.SymbolicTensor[]) => {
    const names = namesOf(tensors);
    return tensors.map(({ shape }, i) => {
      const sample = shape.slice(1);
      return {
        name: names[i]!,
        shape: sample.every((side) => side !== null) ? sample : undefined,
      };
    });
  };
  return { inputs: slots(inputs), outputs: slots(outputs) };
}
