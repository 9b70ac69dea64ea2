import { UsageError } from "../errors.js";
import { readCifar } from "./cifar.js";
import { rowsOf, type Dataset, type DataSplit } from "./dataset.js";
import { digits } from "./digits.js";
import { loadPath, type PathOptions } from "./formats/load-path.js";
import { expectHeeded } from "./formats/options.js";
import { readIdxPair, type IdxOptions } from "./idx.js";
import { makeSplit } from "./in-memory.js";
import { locate } from "./locate.js";
import { isDataName, isFileDataName, sources, type FileDataName } from "./sources.js";
import { readText, type TextOptions } from "./text.js";

export interface LoadOptions extends PathOptions, TextOptions {
  /** Of a data set, or a path. */
  readonly name: string;
  /** Where the files are, or the text; without it APTS_DATA_DIR, then the cache. Digits and paths need none. */
  readonly directory?: string | undefined;
  /** Decides the built-in digits; files are what they are. */
  readonly seed: number;
  /** How many samples to use, the first ones; without it all there are, or 20,000 and 5,000 digits. */
  readonly trainCount?: number | undefined;
  readonly testCount?: number | undefined;
  readonly environment?: NodeJS.ProcessEnv | undefined;
}

export const DIGITS_TRAIN = 20_000;
const DIGITS_TEST = 5_000;

/**
 * Reads or makes the data that are named.
 * @throws UsageError where files are missing or damaged, or hold what cannot be trained on, options have no use, or too
 * many samples are wanted
 */
export async function loadData(options: LoadOptions): Promise<DataSplit> {
  const { name, seed, directory, block, tokens, label, task, imageSize, mostInMemory } = options;
  const trainCount = checkCount(options.trainCount, "training");
  const testCount = checkCount(options.testCount, "test");
  if (name !== "text" && (block !== undefined || tokens !== undefined)) {
    throw new UsageError(
      `Expected --${block === undefined ? "tokens" : "block"} with --data text alone, got it with ${name}. Leave it out.`,
    );
  }
  if (isDataName(name)) expectHeeded({ label, task, imageSize }, [], `--data ${name}`);
  if (name === "digits") {
    const train = digits(seed, "train", trainCount ?? DIGITS_TRAIN);
    return makeSplit(name, train, digits(seed, "test", testCount ?? DIGITS_TEST));
  }
  if (!isDataName(name) && directory !== undefined) {
    throw new UsageError(`Expected no --data-dir beside a path to the data, got ${directory} and ${name}.`);
  }
  const { train, test, ...split } = isFileDataName(name)
    ? await loadNamed(name, directory, options.environment ?? process.env)
    : name === "text"
      ? await loadText(directory, { block, tokens })
      : await loadPath(name, { label, task, imageSize, mostInMemory });
  if (testCount !== undefined && !test) {
    throw new UsageError(
      `Expected test samples in ${split.name} for --test-samples, found none. Hold some back with --validation-split.`,
    );
  }
  return {
    ...split,
    train: first(train, trainCount, "training"),
    test: test && first(test, testCount, "test"),
  };
}

async function loadNamed(
  name: FileDataName,
  directory: string | undefined,
  environment: NodeJS.ProcessEnv,
): Promise<DataSplit> {
  const { train, test } = await locate(name, directory, environment);
  if (name === "cifar10" || name === "cifar100") {
    return makeSplit(name, await readCifar(name, train), await readCifar(name, test));
  }
  const { classes, format } = sources[name];
  const read = ([images, labels]: readonly string[]) =>
    readIdxPair(images!, labels!, classes, format as IdxOptions);
  return makeSplit(name, await read(train), await read(test));
}

async function loadText(path: string | undefined, options: TextOptions): Promise<DataSplit> {
  if (path !== undefined) return makeSplit("text", await readText(path, options), undefined);
  throw new UsageError("Expected --data-dir to be the file of the text for --data text, got none.");
}

function checkCount(count: number | undefined, what: string): number | undefined {
  if (count === undefined || (Number.isInteger(count) && count >= 1)) return count;
  throw new UsageError(`Expected the number of ${what} samples to be a positive integer, got ${count}.`);
}

function first(dataset: Dataset, count: number | undefined, what: string): Dataset {
  const available = dataset.count;
  if (count === undefined) return dataset;
  if (count > available) {
    throw new UsageError(
      `Expected at most ${available} ${what} samples, as many as the files hold, got ${count}.`,
    );
  }
  return rowsOf(dataset, 0, count);
}
