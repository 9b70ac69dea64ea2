import type { Trial } from "../../src/arena/trial.js";

/** Of method m on workload w, measured to have these test accuracies, one an epoch of 2 seconds, 10 steps and 3 gradients. */
export function trialOf(accuracies: readonly number[], fields: Partial<Trial> = {}): Trial {
  const measurements = accuracies.map((testAccuracy, index) => ({
    seconds: 2 * (index + 1),
    epochs: index + 1,
    steps: 10 * (index + 1),
    gradients: 3 * (index + 1),
    values: { loss: 2 - testAccuracy, testLoss: 1 - testAccuracy, testAccuracy },
  }));
  return { workload: "w", method: "m", candidate: {}, seed: 0, measurements, ...fields };
}
