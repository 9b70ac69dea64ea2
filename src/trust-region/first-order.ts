import { dot, normInf, scale } from "../linalg/vector.js";
import type { Model } from "./model.js";

/** Order 1: s = −Δ g / ‖g‖_∞, predicted −gᵀs = Δ ‖g‖₂² / ‖g‖_∞ (docs/algorithms.md §1.1). Remembers nothing. */
export const firstOrder: Model = {
  step(g, radius) {
    const largest = normInf(g);
    if (!(largest > 0 && Number.isFinite(largest))) return undefined;
    const alpha = radius / largest;
    return { s: scale(-alpha, g, new Float32Array(g.length)), predicted: alpha * dot(g, g), norm: radius };
  },
  observe: () => undefined,
  startBatch: () => undefined,
  restrict: () => firstOrder,
  save: () => ({}),
  restore: () => undefined,
};
