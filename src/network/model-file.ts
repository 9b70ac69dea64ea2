import { tf } from "../compute/tensorflow.js";
import { UsageError } from "../errors.js";
import { writeFreezing } from "./inspect/freezing.js";
import type { WeightSpec } from "./weight-parts.js";
import { readDescription, readWeights, type ModelDescription } from "./inspect/model-description.js";

/** The two files of a LayersModel: `model.json` names the weights file beside it. */
export interface ModelFiles {
  readonly "model.json": string;
  readonly "weights.bin": Uint8Array;
}

/** A model in the TensorFlow.js LayersModel format, as `tf.loadLayersModel` reads it. */
export async function serialiseModel(model: tf.LayersModel): Promise<ModelFiles> {
  let files: ModelFiles | undefined;
  await model.save(
    tf.io.withSaveHandler((artifacts) => {
      const weights = tf.io.CompositeArrayBuffer.join(artifacts.weightData);
      writeFreezing(model, artifacts.modelTopology);
      files = {
        "model.json": modelJson(artifacts.modelTopology, artifacts.weightSpecs ?? []),
        "weights.bin": new Uint8Array(weights),
      };
      return Promise.resolve({ modelArtifactsInfo: { dateSaved: new Date(), modelTopologyType: "JSON" } });
    }),
  );
  return files!;
}

/** The `model.json` of a model whose weights are in `weights.bin` in that order; the model itself may have none. */
export function describeModel(model: tf.LayersModel, weights: readonly WeightSpec[]): string {
  const topology = model.toJSON(null, false) as object;
  writeFreezing(model, topology);
  return modelJson(topology, weights);
}

function modelJson(modelTopology: unknown, weights: readonly WeightSpec[]): string {
  return JSON.stringify({
    format: "layers-model",
    generatedBy: `TensorFlow.js tfjs-layers v${tf.version_layers}`,
    convertedBy: null,
    modelTopology,
    weightsManifest: [{ paths: ["weights.bin"], weights }],
  });
}

/**
 * The layers of a model and how they hang together, as text: without their weights, how these were drawn, and what the
 * layers are called, which may change from one building of the same model to the next.
 */
export function topologyOf(model: tf.LayersModel): string {
  const names = new Map<string, string>();
  const description = JSON.stringify(model.toJSON(null, false), (key, value: unknown) => {
    if (key === "name" && typeof value === "string" && !names.has(value)) names.set(value, `#${names.size}`);
    return key.endsWith("_initializer") ? undefined : value;
  });
  return JSON.stringify(JSON.parse(description), (_, value: unknown) =>
    typeof value === "string" ? (names.get(value) ?? value) : value,
  );
}

/**
 * Reads a LayersModel from its `model.json` and the weight files it names.
 * @throws UsageError where a file is missing, damaged or of another format
 */
export async function loadModel(path: string): Promise<tf.LayersModel> {
  return modelOf(await readDescription(path), path);
}

/**
 * The model of a description, with its weights from the files beside `path`, or with those that its layers start with.
 * @throws UsageError
 */
export async function modelOf(
  description: ModelDescription,
  path: string,
  { weights = true }: { readonly weights?: boolean } = {},
): Promise<tf.LayersModel> {
  const { modelTopology, weightsManifest } = description;
  const weightData = weights ? await readWeights(description, path) : undefined;
  const weightSpecs = weightsManifest.flatMap((group) => group.weights);
  try {
    return await tf.loadLayersModel(
      tf.io.fromMemory(weightData ? { modelTopology, weightSpecs, weightData } : { modelTopology }),
    );
  } catch (error) {
    throw new UsageError(sentenceOf((error as Error).message, path), { cause: error });
  }
}

/** What TensorFlow.js says of a model that it cannot load, which may be pages, as one sentence that is whole. */
function sentenceOf(message: string, path: string): string {
  const unknown = /^Unknown ([\w ]+): ([^\s.]+)/.exec(message);
  if (unknown) {
    return (
      `Expected a model of TensorFlow.js' own classes in ${path}, got the ${unknown[1]!} ${unknown[2]!}, which is none of them. ` +
      `Give the model as a JavaScript module that registers it and exports createModel.`
    );
  }
  const unset = /^(\d+) of (\d+) weights are not set: ([^,\s]+)/.exec(message);
  if (unset) {
    return (
      `Expected weights for all layers in ${path}, but ${unset[1]!} of ${unset[2]!} tensors have none, ${unset[3]!} first. ` +
      `Layers and weights are of different models: write both again.`
    );
  }
  const [line = ""] = message.split("\n");
  const short = line.length > 200 ? `${line.slice(0, 200)}…` : line.replace(/[.:]?\s*$/, ".");
  return `Expected a TensorFlow.js LayersModel in ${path}, but: ${short}`;
}
