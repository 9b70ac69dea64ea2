import { UsageError } from "../../errors.js";

/** The built-in networks; apart from their code, which loads TensorFlow.js, so that a command line can name them at once. */
export const MODEL_NAMES = ["fcnn", "cnn", "resnet18", "resnet18-cifar"] as const;
export type ModelName = (typeof MODEL_NAMES)[number];

export function isBuiltIn(model: string): model is ModelName {
  return (MODEL_NAMES as readonly string[]).includes(model);
}

/** @throws UsageError where a convolutional network is to take something else than images */
export function checkSamples(model: ModelName, sampleShape: readonly number[]): void {
  if (model === "fcnn" || sampleShape.length === 3) return;
  throw new UsageError(
    `Expected images (height, width, channels) for ${model}, got samples of shape (${sampleShape.join(", ")}).`,
  );
}
