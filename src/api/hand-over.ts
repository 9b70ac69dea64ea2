import { readFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { tf } from "../compute/tensorflow.js";
import { adviceOn, describe } from "../data/arrays.js";
import { writeDataset } from "../data/dataset-file.js";
import type { Dataset } from "../data/dataset.js";
import { inMemory, type InMemoryData, type ModelSlots } from "../data/in-memory.js";
import { checkEveryClassOccurs } from "../data/labels.js";
import { UsageError } from "../errors.js";
import { namesOfWeights, refuseCustomClasses, writeWeights } from "../network/foreign-model.js";
import { declaredBy } from "../network/build.js";
import { portable, type Declaration } from "../network/goal/declared.js";
import { checkModel } from "../network/inspect/check-model.js";
import { checkPortable } from "../network/inspect/freezing.js";
import { serialiseModel } from "../network/model-file.js";
import { writeWhole } from "../run/folder/files.js";

/** Samples in memory: what to train on, and, held back, what to measure the result with. */
export interface DataInMemory {
  readonly train: InMemoryData;
  readonly test?: InMemoryData | undefined;
}

/** A model of the program's, written to a file for the ranks. */
export interface HandedModel {
  readonly path: string;
  /** What it declares by `compile`. */
  readonly goal: Declaration;
  /** Writes the weights of the trained `model.json` into the model. */
  takeBack(trained: string): Promise<void>;
}

/** @throws UsageError where the ranks could not build the model again, or its weights could not come back */
export async function handOverModel(model: tf.LayersModel, folder: string): Promise<HandedModel> {
  refuseCustomClasses(model.toJSON(null, false));
  checkModel(model, "the model given");
  checkPortable(model, "the model given");
  const files = await serialiseModel(model);
  const { weightsManifest } = JSON.parse(files["model.json"]) as tf.io.ModelJSON;
  const names = namesOfWeights(weightsManifest.flatMap(({ weights }) => weights));
  for (const [name, content] of Object.entries(files)) {
    await writeWhole(join(folder, name), content as string | Uint8Array);
  }
  return {
    path: join(folder, "model.json"),
    goal: portable(declaredBy(model, "the model given")),
    takeBack: (trained) => takeBack(model, names, trained),
  };
}

/** @throws UsageError for data that cannot be trained on, by the name of their field */
export async function checkData(
  data: unknown,
  slots: ModelSlots | undefined,
): Promise<{ train: Dataset; test: Dataset | undefined }> {
  if (typeof data !== "object" || data === null || !("train" in data)) {
    throw new UsageError(
      `Expected data to be { train, test }, each { features, labels }, or the name of a data set, got ${describe(data)}.${adviceOn(data)}`,
    );
  }
  const unknown = Object.keys(data).find((name) => name !== "train" && name !== "test");
  if (unknown !== undefined)
    throw new UsageError(`Expected data to hold train and test alone, got "${unknown}" in it.`);
  const { train, test } = data as Partial<DataInMemory>;
  const checked = {
    train: await inMemory(train, "data.train", slots),
    test: test === undefined ? undefined : await inMemory(test, "data.test", slots),
  };
  if (![train, test].some((given) => given && "classes" in given && given.classes !== undefined))
    for (const target of checked.train.targets) checkEveryClassOccurs(target, "data.train.labels");
  return checked;
}

/** Writes data where the ranks read them. */
export async function handOverData(
  { train, test }: { train: Dataset; test: Dataset | undefined },
  folder: string,
) {
  const files = { train: join(folder, "train.apts"), test: test && join(folder, "test.apts") };
  await writeDataset(files.train, train);
  if (test) await writeDataset(files.test!, test);
  return files;
}

async function takeBack(model: tf.LayersModel, names: readonly string[], trained: string): Promise<void> {
  const { weightsManifest } = JSON.parse(await readFile(trained, "utf8")) as tf.io.ModelJSON;
  const bytes = await readFile(join(dirname(trained), "weights.bin"));
  const specs = weightsManifest.flatMap(({ weights }) => weights);
  const weights = tf.io.decodeWeights(Uint8Array.from(bytes).buffer, specs);
  try {
    await writeWeights(model, names, weights);
  } finally {
    tf.dispose(weights);
  }
}
