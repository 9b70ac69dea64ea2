import { addScaled, type Vector } from "../linalg/vector.js";
import { firstOrder } from "./first-order.js";
import type { LSR1Memory, LSR1State } from "./l-sr1.js";
import type { Model } from "./model.js";
import { obs } from "./obs.js";

interface Point {
  readonly x: Vector;
  readonly g: Vector;
}

/**
 * Order 2: the minimiser of gᵀs + ½ sᵀBs over ‖s‖₂ ≤ Δ, B from L-SR1 (docs/algorithms.md §1.1, §2, §3). Order 1 while no pair
 * is stored, or where the model predicts no reduction. Consecutive points of one batch make the pairs.
 */
export function secondOrder(memory: LSR1Memory, last?: Point): Model {
  return {
    step(g, radius) {
      const solution = memory.size > 0 ? obs(memory, g, radius) : undefined;
      return solution && solution.predicted > 0 && Number.isFinite(solution.predicted)
        ? solution
        : firstOrder.step(g, radius);
    },
    observe(x, g) {
      if (last) memory.update(difference(x, last.x), difference(g, last.g));
      last = { x, g };
    },
    observeTrial(x, g) {
      if (last) memory.update(difference(x, last.x), difference(g, last.g));
    },
    startBatch() {
      last = undefined;
    },
    restrict(subdomain) {
      const lastThere = last && { x: subdomain.restrict(last.x), g: subdomain.restrict(last.g) };
      return secondOrder(memory.restrict(subdomain), lastThere);
    },
    save: () => ({ memory: memory.save(), last }),
    restore(state) {
      memory.restore(state["memory"] as LSR1State);
      last = state["last"] as Point | undefined;
    },
  };
}

function difference(a: Vector, b: Vector): Vector {
  return addScaled(a, -1, b, new Float32Array(a.length));
}
