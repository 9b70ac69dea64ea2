import { readdir } from "node:fs/promises";
import { basename, join } from "node:path";
import { unzipSync } from "fflate";
import { UsageError } from "../../errors.js";
import { readUserFile } from "../../paths.js";
import type { Dataset, DataSplit, Field, Target } from "../dataset.js";
import { FileRows, type RowsInFile } from "../file-rows.js";
import { makeSplit } from "../in-memory.js";
import { featuresOf, parseNpy, readNpy, type FileArray } from "./npy.js";
import { expectHeeded, imageShape, type FileOptions } from "./options.js";
import { targetsFrom, type Labels } from "./targets.js";

/** Features and what is to be predicted of them. */
interface Pair {
  readonly x: FileArray;
  readonly y: FileArray;
}

const FEATURES = ["x", "features", "feature", "data", "images", "image", "inputs", "input"];
const TARGETS = ["y", "labels", "label", "targets", "target", "classes"];
const PARTS: Readonly<Record<string, "train" | "test" | "validation">> = {
  train: "train",
  training: "train",
  test: "test",
  testing: "test",
  val: "validation",
  valid: "validation",
  validation: "validation",
};

/** Data of a `.npy` file, with another one for what is to be predicted. */
export async function loadNpy(path: string, options: FileOptions, mostInMemory: number): Promise<DataSplit> {
  const { label } = options;
  if (!label?.endsWith(".npy")) {
    throw new UsageError(
      `Expected --label to be the .npy file of what is to be predicted beside ${path}, got ${label === undefined ? "none" : `"${label}"`}. ` +
        "(A folder with x_train.npy, y_train.npy, x_test.npy, y_test.npy needs none.)",
    );
  }
  const x = await readNpy(path, mostInMemory);
  return splitOf(basename(path), { x, y: await readNpy(label, mostInMemory) }, undefined, options);
}

/** Data of the arrays in a `.npz` file. */
export async function loadNpz(path: string, options: FileOptions): Promise<DataSplit> {
  expectHeeded(options, ["task", "imageSize"], "a .npz file");
  const bytes = await readUserFile(path, "a .npz file");
  let files: Record<string, Uint8Array>;
  try {
    files = unzipSync(bytes, { filter: ({ name }) => roleOf(name) !== undefined });
    if (Object.keys(files).length === 0) files = unzipSync(bytes);
  } catch (error) {
    throw new UsageError(`Expected ${path} to be a whole .npz file, but: ${(error as Error).message}.`, {
      cause: error,
    });
  }
  const names = Object.keys(files);
  const { train, test } = pairsOf(names, path);
  const read = (name: string): FileArray =>
    parseNpy(
      Buffer.from(files[name]!.buffer, files[name]!.byteOffset, files[name]!.length),
      `${name} of ${path}`,
    );
  const pair = ([x, y]: readonly [string, string]): Pair => ({ x: read(x), y: read(y) });
  return splitOf(basename(path), pair(train), test && pair(test), options);
}

/** Whether a folder holds arrays of such names, as files. */
export function holdsArrays(names: readonly string[]): boolean {
  return names.some((name) => name.endsWith(".npy") && roleOf(name)?.field === "x");
}

/** Data of `.npy` files in one folder, named as the arrays of a `.npz` are. */
export async function loadNpyFolder(
  folder: string,
  options: FileOptions,
  mostInMemory: number,
): Promise<DataSplit> {
  expectHeeded(options, ["task", "imageSize"], "a folder of .npy files");
  const names = (await readdir(folder)).filter((name) => name.endsWith(".npy"));
  const { train, test } = pairsOf(names, folder);
  const read = (name: string) => readNpy(join(folder, name), mostInMemory);
  const pair = async ([x, y]: readonly [string, string]): Promise<Pair> => ({
    x: await read(x),
    y: await read(y),
  });
  return splitOf(basename(folder), await pair(train), test && (await pair(test)), options);
}

/** What an array is by its name: x_train, train_images, X, labels, arr_0; undefined for other names. */
function roleOf(file: string) {
  const name = file.replace(/\.npy$/, "");
  if (name === "arr_0" || name === "arr_1")
    return { part: undefined, field: name === "arr_0" ? "x" : "y" } as const;
  const words = name.toLowerCase().split(/[_\-. ]+/);
  const parts = words.flatMap((word) => PARTS[word] ?? []);
  const others = words.filter((word) => !(word in PARTS));
  if (others.length !== 1 || parts.length > 1) return undefined;
  const [part] = parts;
  if (FEATURES.includes(others[0]!)) return { part, field: "x" } as const;
  return TARGETS.includes(others[0]!) ? ({ part, field: "y" } as const) : undefined;
}

/** Which arrays are for training and for the test: features, then targets. */
function pairsOf(names: readonly string[], where: string) {
  const pair = (part: ReturnType<typeof partOf>): readonly [string, string] | undefined => {
    const find = (field: "x" | "y") =>
      names.filter((name) => roleOf(name)?.field === field && partOf(name) === part);
    const [x, y] = [find("x"), find("y")];
    if (x.length > 1 || y.length > 1) {
      throw new UsageError(
        `Expected one array of features and one of targets for each part in ${where}, got ${[...x, ...y].join(", ")}.`,
      );
    }
    return x.length === 1 && y.length === 1 ? [x[0]!, y[0]!] : undefined;
  };
  const train = pair("train") ?? pair(undefined);
  if (!train) {
    const listed = names.map((name) => name.replace(/\.npy$/, "")).join(", ") || "none";
    throw new UsageError(
      `Expected the arrays x_train and y_train (and x_test, y_test), or x and y, in ${where}, got ${listed}.`,
    );
  }
  return { train, test: pair("test") ?? pair("validation") };
}

function partOf(name: string) {
  return roleOf(name)?.part;
}

function splitOf(name: string, train: Pair, test: Pair | undefined, options: FileOptions): DataSplit {
  const pairs = test ? [train, test] : [train];
  for (const { x, y } of pairs) {
    if (x.shape.length > 0 && x.shape[0] === y.shape[0] && x.shape[0]! > 0) continue;
    throw new UsageError(
      `Expected as many rows in ${x.name} as in ${y.name}, and at least one, got the shapes [${x.shape.join(", ")}] and [${y.shape.join(", ")}].`,
    );
  }
  const targets = targetsOf(
    pairs.map(({ y }) => y),
    options.task,
  );
  const datasets = pairs.map(({ x }, i): Dataset => {
    const field = fieldOf(x);
    const shape = imageShape(field.shape, options.imageSize, x.name);
    return { count: x.shape[0]!, inputs: [{ ...field, shape }], targets: [targets[i]!] };
  });
  return makeSplit(name, datasets[0]!, datasets[1]);
}

function fieldOf(array: FileArray): Field {
  const { values, shape } = array;
  if (isInFile(values)) return { values: new FileRows(values), shape: shape.slice(1) };
  return featuresOf(array);
}

/** Numbers with a fraction are numbers to predict; whole ones may be classes. */
function targetsOf(arrays: readonly FileArray[], task: FileOptions["task"]): Target[] {
  const inMemory = arrays.flatMap(({ values, shape, name }): Labels[] =>
    isInFile(values) ? [] : [{ values, shape: squeezed(shape), name }],
  );
  if (inMemory.length < arrays.length) {
    if (task === "classification") {
      throw new UsageError(`Expected class numbers, one for each sample, in ${arrays[0]!.name}.`);
    }
    return arrays.map((array) => fieldOf(array));
  }
  const isFloat = arrays.some(({ values, isInteger }) => ArrayBuffer.isView(values) && !isInteger);
  return targetsFrom(inMemory, task ?? (isFloat ? "regression" : undefined));
}

/** The shape of one of them; a column of one number is a number. */
function squeezed(shape: readonly number[]): readonly number[] {
  const own = shape.slice(1);
  return own.length === 1 && own[0] === 1 ? [] : own;
}

function isInFile(values: FileArray["values"]): values is RowsInFile {
  return !ArrayBuffer.isView(values) && "path" in values;
}
