import { readFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { tf } from "../compute/tensorflow.js";
import { UsageError } from "../errors.js";

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
      const topology = {
        format: "layers-model",
        generatedBy: artifacts.generatedBy ?? null,
        convertedBy: null,
        modelTopology: artifacts.modelTopology,
        weightsManifest: [{ paths: ["weights.bin"], weights: artifacts.weightSpecs ?? [] }],
      };
      files = { "model.json": JSON.stringify(topology), "weights.bin": new Uint8Array(weights) };
      return Promise.resolve({ modelArtifactsInfo: { dateSaved: new Date(), modelTopologyType: "JSON" } });
    }),
  );
  return files!;
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
  try {
    const description = JSON.parse(await readFile(path, "utf8")) as tf.io.ModelJSON;
    const groups = description.weightsManifest;
    const parts = groups.flatMap((group) => group.paths).map((name) => readFile(join(dirname(path), name)));
    const weightData = Uint8Array.from(Buffer.concat(await Promise.all(parts))).buffer;
    return await tf.loadLayersModel(
      tf.io.fromMemory({
        modelTopology: description.modelTopology,
        weightSpecs: groups.flatMap((group) => group.weights),
        weightData,
      }),
    );
  } catch (error) {
    throw new UsageError(
      `Expected a TensorFlow.js LayersModel in ${path}, but: ${(error as Error).message.split("\n")[0]!}`,
      { cause: error },
    );
  }
}
