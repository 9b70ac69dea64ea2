import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { tf } from "../compute/tensorflow.js";
import { namesOfWeights, refuseCustomClasses, writeWeights } from "../network/foreign-model.js";
import { declaredBy } from "../network/build.js";
import { portable, type Declaration } from "../network/goal/declared.js";
import { checkModel } from "../network/inspect/check-model.js";
import { checkPortable } from "../network/inspect/freezing.js";
import { serialiseModel } from "../network/model-file.js";
import { writeWhole } from "../run/folder/files.js";
import { takeModel } from "./own-models.js";

/** A model of the program's, written to a file for the ranks. */
export interface HandedModel {
  /** As the program has it. */
  readonly own: tf.LayersModel;
  readonly path: string;
  /** What it declares by `compile`. */
  readonly goal: Declaration;
  /** Writes the weights of the trained `model.json` into the model. */
  takeBack(trained: string): Promise<void>;
}

/**
 * Does work that hands things over in a folder, which is removed after it, and that a model is taken for.
 * @throws UsageError where another training has the model
 */
export async function handingOver<T>(
  model: tf.LayersModel | undefined,
  work: (folder: string) => Promise<T>,
): Promise<T> {
  const giveBack = model && takeModel(model);
  const folder = await mkdtemp(join(tmpdir(), "apts-"));
  try {
    return await work(folder);
  } finally {
    giveBack?.();
    await rm(folder, { recursive: true, force: true });
  }
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
    own: model,
    path: join(folder, "model.json"),
    goal: portable(declaredBy(model, "the model given")),
    takeBack: (trained) => takeBack(model, names, trained),
  };
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
