/** The losses; apart from their code, which loads TensorFlow.js, so that a command line can name them at once. */
export const LOSS_NAMES = [
  "meanSquaredError",
  "meanAbsoluteError",
  "meanAbsolutePercentageError",
  "meanSquaredLogarithmicError",
  "huber",
  "logcosh",
  "hinge",
  "squaredHinge",
  "poisson",
  "cosineProximity",
  "categoricalHinge",
  "kullbackLeiblerDivergence",
  "categoricalCrossentropy",
  "sparseCategoricalCrossentropy",
  "binaryCrossentropy",
  "softmaxCrossEntropy",
  "sparseSoftmaxCrossEntropy",
  "sigmoidCrossEntropy",
] as const;
export type LossName = (typeof LOSS_NAMES)[number];
