import type { tf } from "../compute/tensorflow.js";
import { describe } from "../data/arrays.js";
import { checkData, type DataInMemory } from "../data/given-data.js";
import { UsageError } from "../errors.js";
import type { startOptions } from "../job/job-options.js";
import type { MethodName, MethodOptions } from "../methods/registry.js";
import type { Summary } from "../report/summary.js";
import type { PartOf, RunOptions } from "../run/options/config.js";
import { Callbacks, type RunCallbacks } from "./callbacks.js";
import { refuseForeignOptions } from "./foreign-options.js";
import { isModel, slotsOf } from "./given-model.js";
import { handingOver, handOverModel } from "./hand-over.js";
import { trainOnRanks } from "./training.js";

/**
 * What `train` takes: every option of `apts train` under its camelCase name (`stopAtAccuracy`, `maxRadius`, …), and
 * what only a program can give.
 */
export interface TrainRequest
  extends
    Omit<RunOptions, "method" | "model" | "data">,
    Omit<PartOf<typeof startOptions>, "dryRun">,
    RunCallbacks {
  /** A built-in method; for one of a program's own see `OwnMethodRequest`. */
  readonly method?: MethodName | undefined;
  /** A LayersModel (trained in place), or as on the command line: `fcnn`, a `model.json`, a module. */
  readonly model?: tf.LayersModel | string | undefined;
  /** Samples in memory, or as on the command line: `digits`, `mnist`, the path of a file or folder. */
  readonly data?: DataInMemory | string;
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
  const callbacks = new Callbacks(signal);
  const own = isModel(model) ? model : undefined;
  return handingOver(own, async (folder) =>
    trainOnRanks({
      options: {
        ...options,
        model: own ? undefined : model,
        data: typeof data === "string" ? data : undefined,
      },
      model: own && (await handOverModel(own, folder)),
      samples:
        data === undefined || typeof data === "string" ? undefined : await checkData(data, slotsOf(model)),
      folder,
      verbose: Boolean(verbose ?? process.stderr.isTTY),
      callbacks,
      observe: (event) => {
        callbacks.tell({ onEpoch, onEvent }, event);
      },
    }),
  );
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
