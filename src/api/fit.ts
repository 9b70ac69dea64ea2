import type { tf } from "../compute/tensorflow.js";
import { describe, isTensor } from "../data/arrays.js";
import { sizeOf, type Dataset } from "../data/dataset.js";
import type { GivenFields } from "../data/given-fields.js";
import { UsageError } from "../errors.js";
import { goalFor } from "../network/build.js";
import type { Goal } from "../network/goal/goal.js";
import { declarationsOf } from "../run/declarations.js";
import { trainOptions } from "../run/options/table.js";
import { Callbacks } from "./callbacks.js";
import { FitEvents, isCompiled } from "./fit-events.js";
import {
  checkFitOptions,
  type FitDatasetOptions,
  type FitOptions,
  type FitSettings,
  type OwnMethodFitDatasetOptions,
  type OwnMethodFitOptions,
} from "./fit-options.js";
import { prepareSamples, prepareStream } from "./fit-samples.js";
import { isModel, slotsOf } from "./given-model.js";
import { isStream, type GivenStream } from "./given-stream.js";
import { handingOver, handOverModel } from "./hand-over.js";
import { labelsOf, type History } from "./history.js";
import { CallbackList } from "./keras-callbacks.js";
import { trainOnRanks } from "./training.js";

/**
 * Trains a compiled model in place on several processes, as `model.fit` does in this one, and resolves with Keras' History.
 *
 * @throws UsageError for options, model or data that cannot be; AptsError with the first cause where a rank fails
 */
export async function fit(
  model: tf.LayersModel,
  x: GivenFields,
  y: GivenFields,
  options?: FitOptions | OwnMethodFitOptions,
): Promise<History>;
/** The same with a dataset, as `model.fitDataset`: it is gone through anew for each epoch. */
export async function fit(
  model: tf.LayersModel,
  dataset: GivenStream,
  options?: FitDatasetOptions | OwnMethodFitDatasetOptions,
): Promise<History>;
export async function fit(model: tf.LayersModel, x: unknown, ...rest: unknown[]): Promise<History> {
  const isStreamed = isStream(x);
  const [y, options = {}] = isStreamed ? [undefined, rest[0]] : rest;
  checkModel(model, options);
  const { onEpoch, onEvent, signal, verbose, callbacks: given, ...asked } = options as FitOptions;
  const { lossWeights, ...settings } = checkFitOptions(asked, isStreamed) as FitSettings;
  const { epochs = 1, initialEpoch = 0, batchSize, shuffle = true } = settings;
  const list = new CallbackList(given);
  const shows = Boolean(verbose ?? process.stderr.isTTY);
  const callbacks = new Callbacks(signal);

  return handingOver(model, async (folder) => {
    const slots = slotsOf(model)!;
    const prepared = isStreamed
      ? await prepareStream(x, settings, slots, folder)
      : await prepareSamples(x, y, settings, slots);
    const { samples, count, stream } = prepared;
    const { batches, validationSplit, ...run } = prepared.options;
    const handed = await handOverModel(model, folder);
    const loss = named(run.loss, "loss");
    const metrics = named(run.metrics, "metrics");
    const declarations = await declarationsOf({ loss, metrics }, { ...handed.goal, lossWeights });
    const goal =
      run.objective === undefined
        ? goalFor(model, { ...samples.train, name: "memory" }, declarations, { name: "the model given" })
        : { outputs: [] };
    expectWeightsFit(samples.train, goal);
    const labels = labelsOf(goal, declarations, metrics === undefined ? compiledMetrics(model) : undefined);
    const events = new FitEvents({
      model,
      list,
      labels,
      epochs,
      initialEpoch,
      measures: samples.test !== undefined || Boolean(validationSplit),
      samples: count,
      steps: run.batchesPerEpoch ?? batches ?? null,
      batchSize: batchSize ?? null,
      verbose: shows,
      nextSamples: stream && (() => stream.next()),
    });
    if (epochs <= initialEpoch) return events.nothing();
    const summary = await trainOnRanks({
      options: { ...run, validationSplit, batches, epochs: epochs - initialEpoch },
      model: handed,
      samples,
      folder,
      verbose: shows,
      note: shows ? onOptimizer(model) : undefined,
      callbacks,
      observe: (event) => {
        callbacks.tell({ onEpoch, onEvent }, event);
      },
      fit: {
        goal: lossWeights === undefined ? {} : { lossWeights },
        manner: {
          inOrder: !shuffle && !isStreamed,
          streamed: prepared.streamed,
          measuresTraining: labels.length > 0,
          tellsSteps: list.hearsOfBatches,
          waits: isStreamed || !list.isEmpty,
        },
        takePart(event, answer, takeWeights) {
          callbacks.inOrder(() => events.take(event, answer, takeWeights));
        },
      },
    }).finally(() => stream?.end());
    await list.trainEnd();
    return events.finished(summary);
  });
}

function named(given: string | undefined, option: "loss" | "metrics"): string | undefined {
  return given === undefined ? undefined : trainOptions[option].parse(given, `option "${option}"`);
}

function checkModel(model: unknown, options: unknown): void {
  if (!isModel(model)) {
    throw new UsageError(
      `Expected fit(model, x, y, options) with a LayersModel (tf.sequential, tf.model, tf.loadLayersModel), got ${describe(model)}.`,
    );
  }
  if (typeof options !== "object" || options === null || Array.isArray(options) || isTensor(options))
    throw new UsageError(`Expected the options of fit to be an object, got ${describe(options)}.`);
  const { loss, objective } = options as FitOptions;
  if (
    slotsOf(model) === undefined ||
    ((model as { loss?: unknown }).loss == null && loss === undefined && objective === undefined)
  ) {
    throw new UsageError(
      "Expected a model that is compiled, got one that is not. Call model.compile({ optimizer, loss, metrics }) before, or say loss.",
    );
  }
}

/** Weights of steps are one for each position of the output that they are for. */
function expectWeightsFit({ targets }: Dataset, { outputs }: Goal): void {
  for (const [i, { name, positions }] of outputs.entries()) {
    const { weights } = targets[i]!;
    const steps = weights ? sizeOf(weights.shape) : 1;
    if (steps === 1 || positions === 0 || steps === positions) continue;
    throw new UsageError(
      `Expected a weight for each sample, or for each of the ${positions} steps of the output "${name}", got ${steps} for each sample in sampleWeight.`,
    );
  }
}

/** The names of a history as `compile` has made them; those that several have are numbered. */
function compiledMetrics(model: tf.LayersModel): string[] | undefined {
  const { metricsNames: names } = model as { metricsNames?: readonly string[] };
  return names?.map((name, i) => {
    const others = names.filter((other) => other === name).length > 1;
    return others ? `${name}_${names.slice(0, i).filter((other) => other === name).length}` : name;
  });
}

let optimizerIsSaid = false;

/** Said once in a program's life. */
function onOptimizer(model: tf.LayersModel): string | undefined {
  if (optimizerIsSaid || !isCompiled(model)) return undefined;
  optimizerIsSaid = true;
  return "The optimizer of model.compile is not used: fit trains by the methods of apts (option method).";
}
