import { dot, normInf } from "../../linalg/space.js";
import { roomFor, scale } from "../../linalg/vector.js";
import type { CurvatureModel } from "./curvature-model.js";

/** `gradient`, order 1: s = −Δ g / ‖g‖_∞, predicted −gᵀs = Δ ‖g‖₂² / ‖g‖_∞ (docs/algorithms.md §1.1). Learns nothing. */
export const gradient: CurvatureModel<null> = {
  start: () => null,
  async step(_, space, g, radius) {
    const largest = await normInf(space, g);
    if (!(largest > 0 && Number.isFinite(largest))) return undefined;
    const alpha = radius / largest;
    const s = scale(-alpha, g, roomFor(g.length));
    return { s, predicted: alpha * (await dot(space, g, g)), norm: radius };
  },
  observe: () => null,
  startBatch: () => null,
  restrict: () => null,
};
