import { tf } from "../compute/tensorflow.js";
import type { Dataset } from "../data/dataset.js";
import type { Random } from "../random.js";
import { UsageError } from "../errors.js";
import { importUserModule } from "../paths.js";
import { checkModel } from "./inspect/check-model.js";
import { checkDeclared } from "./inspect/declared.js";
import { checkLoss, checkLossWeights } from "./inspect/loss.js";
import { readDescription } from "./inspect/model-description.js";
import { endingOf } from "./inspect/output.js";
import { modelOf } from "./model-file.js";
import { cnn } from "./models/cnn.js";
import { fcnn } from "./models/fcnn.js";
import { checkSamples, isBuiltIn, MODEL_NAMES, type ModelName } from "./models/names.js";
import { resnet18 } from "./models/resnet18.js";

/** What a user's module is called with: the TensorFlow.js that apts runs on, and the shapes of the data. */
export interface ModelRequest extends Pick<Dataset, "sampleShape" | "classes"> {
  readonly tf: typeof tf;
  readonly seed: number;
}

export interface ModelChoice {
  /** A built-in network (`MODEL_NAMES`), the path of a `model.json`, or of a module that exports `createModel(request)`. */
  readonly model: string;
  /** Widths of the hidden dense layers of fcnn and cnn. */
  readonly hidden: readonly number[];
  /** Channels of the convolutions of cnn. */
  readonly channels: readonly number[];
  readonly seed: number;
}

/** What a model has to know of the samples. */
export interface SampleKind extends Pick<Dataset, "sampleShape" | "classes"> {
  /** What messages call the data. */
  readonly name: string;
}

type Create = (
  widths: Pick<ModelChoice, "hidden" | "channels">,
  data: Pick<Dataset, "sampleShape" | "classes">,
  random: Random,
) => tf.LayersModel;

/** The networks that need no file. */
export const builtIn: Readonly<Record<ModelName, Create>> = {
  fcnn: ({ hidden }, { sampleShape, classes }, random) => fcnn(sampleShape, classes, hidden, random),
  cnn: ({ channels, hidden }, { sampleShape, classes }, random) =>
    cnn(sampleShape, classes, channels, hidden, random),
  resnet18: (_widths, { sampleShape, classes }, random) => resnet18(sampleShape, classes, "imagenet", random),
  "resnet18-cifar": (_widths, { sampleShape, classes }, random) =>
    resnet18(sampleShape, classes, "cifar", random),
};

/**
 * The model to train, checked against the data. Its output is taken as logits; a final softmax is kept in the model
 * and left out of the loss (see `Evaluator`).
 * @param source where the model comes from, for people
 * @throws UsageError
 */
export async function buildModel(
  choice: ModelChoice,
  data: SampleKind,
  random: Random,
  source = choice.model,
): Promise<tf.LayersModel> {
  const model: unknown = await create(choice, data, random);
  checkModel(model, source);
  try {
    checkShapes(model, data, source);
  } catch (error) {
    release(model, choice);
    throw error;
  }
  return model;
}

/** @throws UsageError where `model` does not take such samples, or has not an output for each of their classes */
export function checkShapes(model: tf.LayersModel, data: SampleKind, source: string): void {
  const [input, output] = [model.inputs[0]!.shape, model.outputs[0]!.shape];
  if (takes(input, data.sampleShape) && String(output.slice(1)) === String(data.classes)) return;
  throw new UsageError(
    `Expected a model of shape (batch, ${data.sampleShape.join(", ")}) → (batch, ${data.classes}) for this data (${data.name}, ${data.classes} classes), ` +
      `got (${shown(input)}) → (${shown(output)}) from ${source}.`,
  );
}

/** Gives back the memory of a model that was read or drawn; a module may keep its own, and give it again. */
export function release(model: tf.LayersModel, choice: ModelChoice): void {
  if (bringsWeights(choice) || isBuiltIn(choice.model)) tf.dispose(model.getWeights());
}

/** Whether the model comes with weights that were learned already; other weights are drawn for the run. */
export function bringsWeights({ model }: Pick<ModelChoice, "model">): boolean {
  return model.endsWith(".json");
}

async function create(choice: ModelChoice, data: SampleKind, random: Random): Promise<tf.LayersModel> {
  const { model, seed } = choice;
  if (isBuiltIn(model)) {
    checkSamples(model, data.sampleShape);
    return builtIn[model](choice, data, random);
  }
  if (bringsWeights(choice)) return loadForTraining(model);
  if (!/\.[cm]?js$/.test(model)) {
    throw new UsageError(
      `Expected --model to be ${MODEL_NAMES.join(", ")}, a model.json or a JavaScript module, got "${model}".`,
    );
  }
  const module = (await importUserModule(model)) as {
    createModel?: (request: ModelRequest) => tf.LayersModel | Promise<tf.LayersModel>;
  };
  if (typeof module.createModel !== "function") {
    throw new UsageError(
      `Expected ${model} to export a function createModel, got ${Object.keys(module).join(", ") || "no exports"}.`,
    );
  }
  let made: unknown;
  try {
    made = await module.createModel({ tf, sampleShape: data.sampleShape, classes: data.classes, seed });
  } catch (error) {
    throw new UsageError(
      `Expected createModel of ${model} to make a model, but it failed: ${error instanceof Error ? error.message : String(error)}`,
      { cause: error },
    );
  }
  checkModel(made, model);
  if (!(made instanceof tf.LayersModel)) {
    throw new UsageError(
      `Expected createModel of ${model} to make its model with the tf that it is called with, got one of another copy of TensorFlow.js.`,
    );
  }
  return made;
}

/** A `model.json`, where what it declares of its training can be honoured. */
async function loadForTraining(path: string): Promise<tf.LayersModel> {
  const description = await readDescription(path);
  checkDeclared(description.modelTopology, path);
  const model = await modelOf(description, path);
  const { trainingConfig } = description;
  if (trainingConfig) {
    const where = `trainingConfig of ${path}`;
    checkLoss(trainingConfig["loss"], endingOf(model, path), where);
    checkLossWeights(trainingConfig, where);
  }
  return model;
}

/** A dimension of unknown size takes any. */
function takes(input: readonly (number | null)[], sampleShape: readonly number[]): boolean {
  const sizes = input.slice(1);
  return (
    sizes.length === sampleShape.length && sizes.every((size, i) => size === null || size === sampleShape[i])
  );
}

function shown(shape: readonly (number | null)[]): string {
  return ["batch", ...shape.slice(1).map((size) => size ?? "any")].join(", ");
}
