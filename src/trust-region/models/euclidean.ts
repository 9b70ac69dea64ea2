import { dot } from "../../linalg/space.js";
import { roomFor, scale } from "../../linalg/vector.js";
import type { CurvatureModel } from "./curvature-model.js";

/**
 * The steps of `model` in the 2-norm ball, which docs/algorithms.md §7 asks for: those along a direction, of order 1, end at
 * its boundary in place of the cube's. Those of the second order are sought in it anyway.
 */
export function euclidean<C>(model: CurvatureModel<C>): CurvatureModel<C> {
  return {
    ...model,
    async step(curvature, space, g, radius) {
      const step = await model.step(curvature, space, g, radius);
      if (step === undefined) return undefined;
      const norm = Math.sqrt(await dot(space, step.s, step.s));
      if (norm <= radius) return { ...step, norm };
      const share = radius / norm;
      const s = scale(share, step.s, roomFor(step.s.length));
      return { s, predicted: share * step.predicted, norm: radius };
    },
  };
}
