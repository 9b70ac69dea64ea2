import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { writeWhole } from "../run/files.js";
import { tf } from "../compute/tensorflow.js";
import type { Given } from "../config/resolve.js";
import { writeDataset } from "../data/dataset-file.js";
import { inMemory, type InMemoryData } from "../data/in-memory.js";
import { AptsError, UsageError } from "../errors.js";
import { checkModel } from "../network/inspect/check-model.js";
import { checkPortable } from "../network/inspect/freezing.js";
import { layersOf } from "../network/inspect/graph.js";
import { loadModel, serialiseModel } from "../network/model-file.js";
import { checkStandardisedInPlace } from "../network/inputs/standardisation.js";
import type { EpochMetrics } from "../report/metrics.js";
import type { RunEvent } from "../run/events.js";
import type { Summary } from "../report/summary.js";
import { runJob } from "./job.js";
import { planJob } from "./plan.js";
import type { RunSpec } from "./run-spec.js";

/**
 * What `train` takes: every option of `apts train` under its camelCase name (`stopAtAccuracy`, `maxRadius`, …), and
 * what only a program can give.
 */
export interface TrainRequest {
  /** A LayersModel (trained in place), or as on the command line: `fcnn`, a `model.json`, a module. */
  readonly model?: tf.LayersModel | string;
  /** Samples in memory, or as on the command line: `digits`, `mnist`, `cifar10`. */
  readonly data?: { readonly train: InMemoryData; readonly test: InMemoryData } | string;
  /** Called at the end of every epoch. */
  readonly onEpoch?: (metrics: EpochMetrics) => void;
  /** Called with everything the run tells of itself. */
  readonly onEvent?: (event: RunEvent) => void;
  /** Aborting it ends the run after the step it is in; what was learned so far is kept. */
  readonly signal?: AbortSignal;
  readonly [option: string]: unknown;
}

/**
 * Trains on several processes, of this machine where no host file is given, and resolves with the summary that is also in the run folder.
 *
 * @throws UsageError for options, model or data that cannot be; AptsError with the first cause where a rank fails
 */
export async function train(request: TrainRequest): Promise<Summary> {
  const { model, data, onEpoch, onEvent, signal, ...options } = request;
  const values: Record<string, unknown> = { ...options };
  const handover = await mkdtemp(join(tmpdir(), "apts-"));
  try {
    if (typeof model === "string") values["model"] = model;
    else if (model) values["model"] = await writeModel(model, handover);
    if (typeof data === "string") values["data"] = data;
    const sources: Given[] = [{ source: { kind: "program" }, values }];
    const {
      spec: planned,
      where,
      maxRestarts,
      dryRun,
    } = await planJob(sources, typeof data === "object" ? "memory" : undefined);
    if (dryRun)
      throw new UsageError('Expected options of a run, got "dryRun", which the command line alone has.');
    if (typeof model === "object" && planned.config.standardise) {
      const copy = await loadModel(planned.config.model); // of the TensorFlow.js that is used here
      checkStandardisedInPlace(copy, typeof data === "object" ? inMemory(data.train) : undefined);
    }
    const spec: RunSpec = {
      ...planned,
      ...(typeof data === "object" ? { dataFiles: await writeData(data, handover) } : {}),
    };
    const observe = (event: RunEvent): void => {
      onEvent?.(event);
      if (event.type === "epoch") onEpoch?.(event.metrics);
    };
    const result = await runJob(spec, { where, maxRestarts, observe, ...(signal ? { signal } : {}) });
    if (!result.summary)
      throw new AptsError(result.failure?.description ?? "The run ended without a summary.");
    if (model instanceof tf.LayersModel)
      await copyWeights(join(result.summary.out, "model", "model.json"), model);
    return result.summary;
  } finally {
    await rm(handover, { recursive: true, force: true });
  }
}

async function writeModel(model: tf.LayersModel, folder: string): Promise<string> {
  checkModel(model, "the model given");
  checkPortable(model, "the model given");
  for (const [name, content] of Object.entries(await serialiseModel(model))) {
    await writeWhole(join(folder, name), content as string | Uint8Array);
  }
  return join(folder, "model.json");
}

async function writeData(data: { train: InMemoryData; test: InMemoryData }, folder: string) {
  const files = { train: join(folder, "train.apts"), test: join(folder, "test.apts") };
  await writeDataset(files.train, inMemory(data.train));
  await writeDataset(files.test, inMemory(data.test));
  return files;
}

async function copyWeights(path: string, into: tf.LayersModel): Promise<void> {
  const trained = await loadModel(path);
  // Layer by layer: a model orders its weights by what is trained, at its level and in nested models.
  const to = [...layersOf(into)];
  [...layersOf(trained)].forEach(({ layer }, i) => {
    to[i]!.layer.setWeights(layer.getWeights());
  });
  trained.dispose();
}
