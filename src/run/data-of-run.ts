import { basename } from "node:path";
import { isHeld, type DataSplit, type Target } from "../data/dataset.js";
import { readDataset } from "../data/dataset-file.js";
import { makeSplit } from "../data/in-memory.js";
import { loadData } from "../data/load.js";
import { isDataName } from "../data/sources.js";
import { TEXT_HELD_BACK } from "../data/text.js";
import { UsageError } from "../errors.js";
import { holdBack } from "./hold-back.js";
import { IN_MEMORY, type TrainConfig } from "./options/config.js";

/** What a program, or the process that started the ranks, has written for them: by `writeDataset`. */
export interface DataFiles {
  readonly train: string;
  readonly test: string | undefined;
}

/** The built-in digits are one data set: seeds of runs vary everything but the data. */
const DATA_SEED = 0;

/** The data of a run as they are: without what is held back of them. */
export function loadFor(config: TrainConfig): Promise<DataSplit> {
  const { data, dataDir, trainSamples, testSamples, label, task, imageSize, block, tokens } = config;
  return loadData({
    name: data,
    directory: dataDir,
    seed: DATA_SEED,
    trainCount: trainSamples,
    testCount: testSamples,
    label,
    task,
    imageSize,
    block,
    tokens,
  });
}

/** What a run is trained on and measured with. */
export async function dataOf(config: TrainConfig, files: DataFiles | undefined): Promise<DataSplit> {
  if (!files && config.data === IN_MEMORY) {
    throw new UsageError("Expected the data of a program's memory, which only that program has.");
  }
  const data = files
    ? makeSplit(
        nameOfData(config.data),
        await readDataset(files.train),
        files.test === undefined ? undefined : await readDataset(files.test),
      )
    : await loadFor(config);
  const split = holdBack(data, shareHeldBack(config));
  data.train.targets.forEach((target, i) => {
    expectSeen(target, split.train.targets[i]!, split.test?.targets[i], data.name);
  });
  return split;
}

/** What people call the data: a name, or the last part of a path. */
export function nameOfData(data: string): string {
  return data === IN_MEMORY || isDataName(data) ? data : basename(data);
}

/** Of a text the end is held back unless it is said otherwise. */
export function shareHeldBack({ data, validationSplit }: TrainConfig): number | undefined {
  return validationSplit ?? (data === "text" ? TEXT_HELD_BACK : undefined);
}

/** So many samples of a class are no accident. */
const MANY = 10;

/**
 * Samples sorted by class leave classes out of those trained on, where the last share is held back.
 * @throws UsageError
 */
function expectSeen(whole: Target, train: Target, test: Target | undefined, name: string): void {
  const { classes } = whole;
  if (classes === undefined || !test || !isHeld(train.values) || !isHeld(test.values)) return;
  const seen = new Uint8Array(classes);
  for (const label of train.values) seen[label] = 1;
  const unseen = new Int32Array(classes);
  for (const label of test.values) if (!seen[label]) unseen[label]!++;
  const wrong = unseen.findIndex((count) => count >= MANY);
  if (wrong < 0) return;
  throw new UsageError(
    `Expected samples of every class among those trained on, got all ${unseen[wrong]!} of class ${whole.names?.[wrong] ?? wrong} of ${name} among those held back. ` +
      "Are the samples sorted by class? Shuffle them.",
  );
}
