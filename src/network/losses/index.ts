import * as classification from "./classification.js";
import type { Loss } from "./loss.js";
import { LOSS_NAMES, type LossName } from "./names.js";
import * as regression from "./regression.js";

/** Losses by the names that tfjs-layers has for them, Huber's by Keras', and those of logits by `tf.losses`'. */
const byName: Readonly<Record<LossName, Loss>> = { ...regression, ...classification };

export const losses: readonly Loss[] = LOSS_NAMES.map((name) => byName[name]);

/** Other names of Keras and TensorFlow.js, as `plain` has them. */
const OTHER_NAMES: Readonly<Record<string, string>> = {
  mse: "meanSquaredError",
  mae: "meanAbsoluteError",
  absolutedifference: "meanAbsoluteError",
  mape: "meanAbsolutePercentageError",
  msle: "meanSquaredLogarithmicError",
  huberloss: "huber",
  hingeloss: "hinge",
  kld: "kullbackLeiblerDivergence",
  kldivergence: "kullbackLeiblerDivergence",
  cosine: "cosineProximity",
  cosinesimilarity: "cosineProximity",
};

/** The loss of a name in whatever way it is written: meanSquaredError, mean_squared_error, MeanSquaredError, mse. */
export function lossNamed(name: string): Loss | undefined {
  const wanted = plain(OTHER_NAMES[plain(name)] ?? name);
  return losses.find((loss) => plain(loss.name) === wanted);
}

/** Without what each way of spelling puts between the words. */
export function plain(name: string): string {
  return name.replaceAll(/[_\s-]/g, "").toLowerCase();
}
