import { firstOrder, type CurvatureModel } from "./first-order.js";
import type { LSR1Memory } from "./l-sr1.js";
import { obs } from "./obs.js";

/**
 * Order 2: the minimiser of gᵀs + ½ sᵀBs over ‖s‖₂ ≤ Δ, B from L-SR1 (ALGORITHMS §1.1). Order 1 while no pair is
 * stored, or where the model predicts no reduction.
 */
export function secondOrder(memory: LSR1Memory): CurvatureModel {
  return {
    step(g, radius) {
      const solution = memory.size > 0 ? obs(memory, g, radius) : undefined;
      return solution && solution.predicted > 0 && Number.isFinite(solution.predicted)
        ? solution
        : firstOrder.step(g, radius);
    },
  };
}
