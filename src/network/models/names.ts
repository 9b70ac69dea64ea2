import { UsageError } from "../../errors.js";
import { sizeOf } from "../../data/dataset.js";

/** The built-in networks; apart from their code, which loads TensorFlow.js, so that a command line can name them at once. */
export const MODEL_NAMES = ["fcnn", "cnn", "resnet18", "resnet18-cifar", "gpt"] as const;
export type ModelName = (typeof MODEL_NAMES)[number];

export function isBuiltIn(model: string): model is ModelName {
  return (MODEL_NAMES as readonly string[]).includes(model);
}

/** Samples as a built-in network has to know them. */
interface Samples {
  readonly inputs: readonly { readonly shape: readonly number[] }[];
  readonly targets: readonly { readonly shape: readonly number[]; readonly classes?: number | undefined }[];
}

/** @throws UsageError where a built-in network is to take other samples than it can */
export function checkSamples(model: ModelName, { inputs, targets }: Samples): void {
  if (inputs.length !== 1 || targets.length !== 1) {
    throw new UsageError(
      `Expected data of one input and one target for ${model}, got ${inputs.length} and ${targets.length}. Give a model of your own.`,
    );
  }
  const { shape } = inputs[0]!;
  if (model === "gpt") {
    const [target] = targets;
    if (shape.length === 1 && target!.shape.length === 1 && target!.classes !== undefined) return;
    throw new UsageError(
      `Expected text for gpt, a row of symbols and the next of each, got samples of shape (${shape.join(", ")}) and targets of shape (${target!.shape.join(", ")}).`,
    );
  }
  if (model === "fcnn" || shape.length === 3) return;
  throw new UsageError(
    `Expected images (height, width, channels) for ${model}, got samples of shape (${shape.join(", ")}).`,
  );
}

/** The outputs of a built-in network: one for each class, or for each number to be predicted. */
export function unitsFor(model: ModelName, { targets }: Samples): number {
  const { shape, classes } = targets[0]!;
  if (model === "gpt") return classes!;
  if (classes !== undefined && shape.length === 0) return classes;
  if (classes !== undefined && sizeOf(shape) > 1) {
    throw new UsageError(
      `Expected one class for each sample for ${model}, got ${sizeOf(shape)}. Text is learned by --model gpt, or by a model of your own.`,
    );
  }
  if (shape.length <= 1) return shape[0] ?? 1;
  throw new UsageError(
    `Expected a class, a number or a row of numbers to predict for ${model}, got targets of shape (${shape.join(", ")}). Give a model of your own.`,
  );
}
