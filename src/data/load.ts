import { UsageError } from "../errors.js";
import { readCifar10 } from "./cifar.js";
import { rowsOf, type Dataset, type DataSplit } from "./dataset.js";
import { digits } from "./digits.js";
import { readIdxPair } from "./idx.js";
import { makeSplit } from "./in-memory.js";
import { locate } from "./locate.js";
import { sources, type DataName } from "./sources.js";

export interface LoadOptions {
  readonly name: DataName;
  /** Where the files are; without it APTS_DATA_DIR, then the cache. Digits need none. */
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

/** Reads or makes a data set by name. UsageError where files are missing or damaged, or too many samples wanted. */
export async function loadData(options: LoadOptions): Promise<DataSplit> {
  const { name, seed } = options;
  const trainCount = checkCount(options.trainCount, "training");
  const testCount = checkCount(options.testCount, "test");
  const environment = options.environment ?? process.env;
  switch (name) {
    case "digits":
      return makeSplit(
        name,
        digits(seed, "train", trainCount ?? DIGITS_TRAIN),
        digits(seed, "test", testCount ?? DIGITS_TEST),
      );
    case "mnist": {
      const files = await locate.mnist(options.directory, environment);
      const train = await readIdxPair(files.trainImages, files.trainLabels, sources.mnist.classes);
      const test = await readIdxPair(files.testImages, files.testLabels, sources.mnist.classes);
      return makeSplit(name, first(train, trainCount, "training"), first(test, testCount, "test"));
    }
    case "cifar10": {
      const files = await locate.cifar10(options.directory, environment);
      const train = await readCifar10(files.train);
      const test = await readCifar10([files.test]);
      return makeSplit(name, first(train, trainCount, "training"), first(test, testCount, "test"));
    }
  }
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
