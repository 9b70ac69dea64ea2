import { readFile, stat } from "node:fs/promises";
import { dirname, isAbsolute, join, normalize } from "node:path";
import type { tf } from "../../compute/tensorflow.js";
import { UsageError } from "../../errors.js";

/** A `model.json` of the LayersModel format, as far as its parts are there and of their types. */
export interface ModelDescription {
  /** As `tf.loadLayersModel` takes it. */
  readonly modelTopology: tf.io.ModelJSON["modelTopology"];
  readonly weightsManifest: tf.io.WeightsManifestConfig;
  readonly trainingConfig: Readonly<Record<string, unknown>> | undefined;
}

const AS_LAYERS_MODEL =
  "Write one with model.save of TensorFlow.js, or with tensorflowjs_converter --output_format=tfjs_layers_model.";

/**
 * Reads a `model.json`.
 * @throws UsageError that names what the file is instead, or lacks, and what to do
 */
export async function readDescription(path: string): Promise<ModelDescription> {
  const bytes = await readRegular(path, "a model.json");
  const text = bytes.toString("utf8").replace(/^\uFEFF/, "");
  let content: unknown;
  try {
    content = JSON.parse(text);
  } catch {
    const got = kindOf(bytes) ?? `what begins with ${JSON.stringify(text.slice(0, 20))}`;
    throw new UsageError(`Expected JSON in ${path}, got ${got}. ${AS_LAYERS_MODEL}`);
  }
  const { format, modelTopology, weightsManifest, trainingConfig } = (content ?? {}) as Record<
    string,
    unknown
  >;
  if (format === "graph-model" || isRecord(modelTopology)?.["node"] !== undefined) {
    throw new UsageError(
      `Expected a LayersModel in ${path}, got a graph model, whose weights are constants and cannot be trained. ` +
        `Convert the Keras model again with --output_format=tfjs_layers_model.`,
    );
  }
  const topology = isRecord(modelTopology);
  if (topology === undefined) {
    throw new UsageError(
      `Expected the layers of a model in modelTopology of ${path}, found none. ${AS_LAYERS_MODEL}`,
    );
  }
  if (!Array.isArray(weightsManifest) || weightsManifest.length === 0) {
    throw new UsageError(
      `Expected a weightsManifest in ${path} that names the files of the weights, found none: these are layers without weights. ${AS_LAYERS_MODEL}`,
    );
  }
  checkTopology(topology, path);
  const groups = weightsManifest.map((group: unknown) => checkGroup(group, path));
  return {
    modelTopology: topology,
    weightsManifest: groups,
    trainingConfig: isRecord(trainingConfig ?? topology["training_config"]),
  };
}

/**
 * The weights that a description names, from files below the folder of `path`.
 * @throws UsageError where a name leads elsewhere, or a file is missing, no regular one, or of another length
 */
export async function readWeights({ weightsManifest }: ModelDescription, path: string): Promise<ArrayBuffer> {
  const parts: Buffer[] = [];
  for (const group of weightsManifest) {
    const files: Buffer[] = [];
    for (const name of group.paths)
      files.push(await readRegular(await weightFile(name, path), `weights of ${path}`));
    checkLength(
      group,
      files.reduce((sum, { length }) => sum + length, 0),
      path,
    );
    parts.push(...files);
  }
  return Uint8Array.from(Buffer.concat(parts)).buffer;
}

type WeightGroup = ModelDescription["weightsManifest"][number];

/**
 * The file of weights of that name beside `path`.
 * @throws UsageError where the name leads elsewhere, or there is no regular file
 */
export async function weightFile(name: string, path: string): Promise<string> {
  const inside = normalize(name);
  if (isAbsolute(name) || name.includes("\\") || inside === ".." || inside.startsWith("../")) {
    throw new UsageError(
      `Expected weight files below the folder of ${path}, but it names ${JSON.stringify(name)}. Put the file there, and its name.`,
    );
  }
  const file = join(dirname(path), inside);
  await expectRegular(file, `weights of ${path}`);
  return file;
}

/** @throws UsageError where the files of a group do not hold as much as its weights take */
export function checkLength({ paths, weights }: WeightGroup, found: number, path: string): void {
  const wanted = weights.reduce((sum, weight) => sum + bytesOf(weight), 0);
  if (found === wanted) return;
  throw new UsageError(
    `Expected ${wanted} bytes of weights in ${paths.join(", ")} beside ${path}, found ${found}. ` +
      `Copy the model again, all files of it.`,
  );
}

/** A FIFO or a device could be waited on for ever. */
async function expectRegular(path: string, what: string): Promise<void> {
  try {
    const file = await stat(path);
    if (file.isFile()) return;
    const kind = file.isDirectory() ? "a folder" : "no regular file";
    throw new UsageError(`Expected ${what} in the file ${path}, but that is ${kind}.`);
  } catch (error) {
    throw unreadable(error, path, what);
  }
}

function unreadable(error: unknown, path: string, what: string): UsageError {
  if (error instanceof UsageError) return error;
  const { code, message } = error as NodeJS.ErrnoException;
  const why = code === "ENOENT" ? "there is no such file" : message;
  return new UsageError(`Expected ${what} in ${path}, but ${why}.`, { cause: error });
}

async function readRegular(path: string, what: string): Promise<Buffer> {
  await expectRegular(path, what);
  let content: Buffer;
  try {
    content = await readFile(path);
  } catch (error) {
    throw unreadable(error, path, what);
  }
  if (content.subarray(0, 40).toString().startsWith("version https://git-lfs.github.com/")) {
    throw new UsageError(
      `Expected ${what} in ${path}, got a pointer of Git LFS: the file itself was not fetched. Run git lfs pull there.`,
    );
  }
  return content;
}

/** What a file is that is no JSON, where its first bytes tell. */
function kindOf(bytes: Buffer): string | undefined {
  const start = bytes.subarray(0, 8).toString("latin1");
  if (bytes.length === 0) return "an empty file";
  if (start.startsWith("\x89HDF")) return "a Keras model in HDF5 (.h5)";
  if (start.startsWith("PK")) return "a Keras 3 model (.keras) or another zip file";
  return undefined;
}

function checkTopology(topology: Readonly<Record<string, unknown>>, path: string): void {
  const config = isRecord(topology["model_config"]) ?? topology;
  const versions = [topology["keras_version"], config["keras_version"]];
  const version = versions.find((one) => typeof one === "string" && /^[3-9]\./.test(one));
  const layers = [...described(config)];
  const policy = layers.find(
    ({ config: { dtype, batch_shape: shape } }) => isRecord(dtype) ?? shape !== undefined,
  );
  if (version !== undefined || policy) {
    const what =
      version === undefined ? `, as ${policy!.kind} "${policy!.name}" shows,` : ` (${shown(version)})`;
    throw new UsageError(
      `Expected a model of Keras 2 in ${path}, got one of Keras 3${what} which TensorFlow.js cannot read. ` +
        `Save it with tf_keras (TF_USE_LEGACY_KERAS=1), and convert that.`,
    );
  }
  const lambda = layers.find(({ kind }) => kind === "Lambda");
  if (lambda) {
    throw new UsageError(
      `Expected layers that TensorFlow.js knows in ${path}, got Lambda "${lambda.name}", which is code of Python. ` +
        `Write the model with layers, or as a module that exports createModel.`,
    );
  }
  if (typeof config["class_name"] !== "string") {
    throw new UsageError(`Expected class_name and config in modelTopology of ${path}. ${AS_LAYERS_MODEL}`);
  }
}

/** Everything in a topology that has a class and a configuration. */
function* described(
  value: unknown,
): Generator<{ kind: string; name: string; config: Readonly<Record<string, unknown>> }> {
  if (typeof value !== "object" || value === null) return;
  const { class_name: kind, config } = value as Record<string, unknown>;
  const record = isRecord(config);
  if (typeof kind === "string" && record) yield { kind, name: shown(record["name"] ?? ""), config: record };
  for (const inner of Object.values(value)) yield* described(inner);
}

function checkGroup(group: unknown, path: string): tf.io.WeightsManifestConfig[number] {
  const { paths, weights } = (isRecord(group) ?? {}) as { paths?: unknown; weights?: unknown };
  const isWhole =
    Array.isArray(paths) &&
    paths.every((name) => typeof name === "string") &&
    Array.isArray(weights) &&
    weights.every((weight) => Array.isArray(isRecord(weight)?.["shape"]));
  if (!isWhole) {
    throw new UsageError(
      `Expected paths and weights with their shapes in weightsManifest of ${path}. ${AS_LAYERS_MODEL}`,
    );
  }
  return group as tf.io.WeightsManifestConfig[number];
}

const BYTES: Readonly<Record<string, number>> = {
  float32: 4,
  int32: 4,
  complex64: 8,
  bool: 1,
  uint8: 1,
  uint16: 2,
  float16: 2,
};

/** What a weight takes in its file. */
export function bytesOf({ shape, dtype, quantization }: tf.io.WeightsManifestEntry): number {
  return shape.reduce((product, size) => product * size, BYTES[quantization?.dtype ?? dtype] ?? NaN);
}

function isRecord(value: unknown): Readonly<Record<string, unknown>> | undefined {
  return typeof value === "object" && value !== null && !Array.isArray(value)
    ? (value as Readonly<Record<string, unknown>>)
    : undefined;
}

function shown(value: unknown): string {
  return typeof value === "string" ? value : JSON.stringify(value);
}
