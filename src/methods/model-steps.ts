import { normInf, type VectorSpace } from "../linalg/space.js";
import { addScaled, roomFor, type Vector } from "../linalg/vector.js";
import type { CurvatureModel } from "../trust-region/models/curvature-model.js";
import type { Objective } from "../trust-region/objective.js";
import type { PointWithGradient } from "../trust-region/point.js";
import type { Correction } from "./preconditioner.js";

export interface ModelStepsOptions {
  /** ν */
  readonly localSteps: number;
  readonly model: CurvatureModel;
  readonly curvature: unknown;
}

/**
 * ν steps on a local objective by its models alone, each in the ball of Δ/ν, so that ‖s‖_∞ ≤ Δ, and Σ of what the models
 * predict (docs/algorithms.md §6.3, §8). The first is made with the gradient that `at` has; no loss is evaluated.
 */
export async function modelSteps(
  { objective, space }: { readonly objective: Objective; readonly space: VectorSpace },
  at: PointWithGradient,
  radius: number,
  { localSteps, model, curvature }: ModelStepsOptions,
): Promise<Correction> {
  let predicted = 0;
  let { x, g } = at;
  for (let step = 0; step < localSteps; step++) {
    if (step > 0) {
      g = roomFor(x.length);
      await objective.gradient(x, g);
      if (!Number.isFinite(await normInf(space, g))) break;
      curvature = await model.observe(curvature, space, { x, g });
    }
    const found = await model.step(curvature, space, g, radius / localSteps);
    if (found === undefined) break;
    x = addScaled(x, 1, found.s, roomFor(x.length));
    predicted += found.predicted;
  }
  const s: Vector = addScaled(x, -1, at.x, roomFor(x.length));
  return { s, predicted };
}
