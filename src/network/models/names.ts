/** The built-in networks; apart from their code, which loads TensorFlow.js, so that a command line can name them at once. */
export const MODEL_NAMES = ["fcnn", "cnn", "resnet18", "resnet18-cifar"] as const;
export type ModelName = (typeof MODEL_NAMES)[number];
