import { tf } from "../compute/tensorflow.js";
import type { Random } from "../random.js";
import { UsageError } from "../errors.js";
import { importUserModule } from "../paths.js";
import { checkModel } from "./inspect/check-model.js";
import { checkDeclared } from "./inspect/declared.js";
import type { Declaration } from "./goal/declared.js";
import type { Goal, OwnObjective } from "./goal/goal.js";
import { goalOf, type Source, type TargetKind } from "./goal/resolve.js";
import { isHollow } from "./hollow.js";
import { readDescription } from "./inspect/model-description.js";
import { modelOf } from "./model-file.js";
import { cnn } from "./models/cnn.js";
import { fcnn } from "./models/fcnn.js";
import { gpt } from "./models/gpt.js";
import { checkSamples, isBuiltIn, MODEL_NAMES, unitsFor, type ModelName } from "./models/names.js";
import { resnet18 } from "./models/resnet18.js";
import { withWaitingWeights } from "./waiting.js";

/** What a user's module is called with: the TensorFlow.js that apts runs on, and the shapes of the data. */
export interface ModelRequest {
  readonly tf: typeof tf;
  readonly seed: number;
  /** Of the first input, and the classes of the first target; undefined where that is of numbers. */
  readonly sampleShape: readonly number[];
  readonly classes: number | undefined;
  readonly inputs: SampleKind["inputs"];
  readonly targets: SampleKind["targets"];
}

export interface ModelChoice {
  /** A built-in network (`MODEL_NAMES`), the path of a `model.json`, or of a module that exports `createModel(request)`. */
  readonly model: string;
  /** Widths of the hidden dense layers of fcnn and cnn. */
  readonly hidden: readonly number[];
  /** Channels of the convolutions of cnn. */
  readonly channels: readonly number[];
  /** Of gpt. */
  readonly layers: number;
  readonly heads: number;
  readonly width: number;
  readonly seed: number;
}

/** What a model has to know of the samples. */
export interface SampleKind {
  readonly inputs: readonly { readonly shape: readonly number[] }[];
  readonly targets: readonly TargetKind[];
  /** What messages call the data. */
  readonly name: string;
}

/** A model, whose weights may wait where it is a module's, and what it is trained for. */
export interface Built {
  readonly model: tf.LayersModel;
  readonly goal: Goal;
}

/** The sizes of the built-in networks. */
export type Sizes = Pick<ModelChoice, "hidden" | "channels" | "layers" | "heads" | "width">;

type Create = (sizes: Sizes, sampleShape: readonly number[], units: number, random: Random) => tf.LayersModel;

/** The networks that need no file; `units` are the outputs, logits where classes are predicted. */
export const builtIn: Readonly<Record<ModelName, Create>> = {
  fcnn: ({ hidden }, sampleShape, units, random) => fcnn(sampleShape, units, hidden, random),
  cnn: ({ channels, hidden }, sampleShape, units, random) =>
    cnn(sampleShape, units, channels, hidden, random),
  gpt: (sizes, sampleShape, units, random) => gpt(sampleShape[0]!, units, sizes, random),
  resnet18: (_sizes, sampleShape, units, random) => resnet18(sampleShape, units, "imagenet", random),
  "resnet18-cifar": (_sizes, sampleShape, units, random) => resnet18(sampleShape, units, "cifar", random),
};

/**
 * The model to train and what for, checked against the data.
 * @param declared what is to be minimised and measured, before what the model itself declares
 * @param objective in place of losses
 * @throws UsageError
 */
export async function buildModel(
  choice: ModelChoice,
  data: SampleKind,
  random: Random,
  declared: readonly Declaration[] = [],
  objective?: OwnObjective,
): Promise<Built> {
  const source = choice.model;
  const { model, own } = await create(choice, data, random);
  checkModel(model, source);
  try {
    if (objective) {
      checkInputs(model, data, source);
      return { model, goal: { outputs: [], objective } };
    }
    const builtIn = isBuiltIn(source);
    return { model, goal: goalFor(model, data, [...declared, ...own], { name: source, builtIn }) };
  } catch (error) {
    release(model, choice);
    throw error;
  }
}

/**
 * What `model` is trained for on such data.
 * @throws UsageError where it does not take such samples, or its outputs, losses and the targets do not fit together
 */
export function goalFor(
  model: tf.LayersModel,
  data: SampleKind,
  declared: readonly Declaration[],
  source: Source,
): Goal {
  checkInputs(model, data, source.name);
  return goalOf(model, data.targets, [...declared, declaredBy(model, source.name)], source);
}

/** @throws UsageError where `model` does not take such samples */
function checkInputs(model: tf.LayersModel, data: SampleKind, source: string): void {
  const shapes = model.inputs.map((input) => input.shape);
  const fits =
    shapes.length === data.inputs.length && shapes.every((shape, i) => takes(shape, data.inputs[i]!.shape));
  if (fits) return;
  const wanted = data.inputs.map(({ shape }) => `(batch, ${shape.join(", ")})`).join(" and ");
  throw new UsageError(
    `Expected a model of ${data.inputs.length === 1 ? "an input" : "inputs"} ${wanted} for this data (${data.name}), ` +
      `got ${shapes.map((shape) => `(${shown(shape)})`).join(" and ")} from ${source}.`,
  );
}

/** What `compile` was told. */
export function declaredBy(model: tf.LayersModel, source: string): Declaration {
  const { loss, metrics } = model as unknown as { loss?: unknown; metrics?: unknown };
  return { loss, metrics: loss == null ? undefined : metrics, where: `model.compile of ${source}` };
}

/** Gives back the memory of a model that was read or drawn; a module may keep its own, and give it again. */
export function release(model: tf.LayersModel, choice: ModelChoice): void {
  if (bringsWeights(choice) || isBuiltIn(choice.model)) tf.dispose(model.getWeights());
}

/** Whether the model comes with weights that were learned already; other weights are drawn for the run. */
export function bringsWeights({ model }: Pick<ModelChoice, "model">): boolean {
  return model.endsWith(".json");
}

/** Whether the model is made by a user's module. */
export function isModule(choice: Pick<ModelChoice, "model">): boolean {
  return !isBuiltIn(choice.model) && !bringsWeights(choice);
}

interface Created {
  readonly model: tf.LayersModel;
  /** What its file declares of its training. */
  readonly own: readonly Declaration[];
}

async function create(choice: ModelChoice, data: SampleKind, random: Random): Promise<Created> {
  const { model, seed } = choice;
  const sampleShape = data.inputs[0]!.shape;
  if (isBuiltIn(model)) {
    checkSamples(model, data);
    return { model: builtIn[model](choice, sampleShape, unitsFor(model, data), random), own: [] };
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
  const { createModel } = module;
  const { inputs, targets } = data;
  const request = { tf, seed, sampleShape, classes: targets[0]?.classes, inputs, targets };
  let made: unknown;
  try {
    made = await withWaitingWeights(() => createModel(request));
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
  return { model: made, own: [] };
}

/** A `model.json`, and what it declares of its training. */
async function loadForTraining(path: string): Promise<Created> {
  const description = await readDescription(path);
  checkDeclared(description.modelTopology, path);
  const model = await modelOf(description, path, { weights: !isHollow() });
  const { trainingConfig } = description;
  if (!trainingConfig) return { model, own: [] };
  const { loss, metrics, loss_weights, lossWeights = loss_weights } = trainingConfig;
  return { model, own: [{ loss, metrics, lossWeights, where: `trainingConfig of ${path}` }] };
}

/** A dimension of unknown size takes any. */
function takes(input: readonly (number | null)[], sampleShape: readonly number[]): boolean {
  const sizes = input.slice(1);
  const same = (shape: readonly number[]) =>
    sizes.length === shape.length && sizes.every((size, i) => size === null || size === shape[i]);
  return same(sampleShape) || (sampleShape.length === 0 && same([1]));
}

function shown(shape: readonly (number | null)[]): string {
  return ["batch", ...shape.slice(1).map((size) => size ?? "any")].join(", ");
}
