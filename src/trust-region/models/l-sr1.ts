import { addScaled, type Vector } from "../../linalg/vector.js";
import { wholeSpace } from "../../linalg/space.js";
import { obs } from "../l-sr1/obs.js";
import { noPairs, restrictPairs, withPair, type Pairs } from "../l-sr1/pairs.js";
import type { CurvatureModel, Slope } from "./curvature-model.js";
import { gradient } from "./gradient.js";

interface Knowledge {
  readonly pairs: Pairs;
  /** The point of this batch observed last. */
  readonly last: Slope | null;
}

/**
 * `l-sr1`, order 2: the minimiser of gᵀs + ½ sᵀBs over ‖s‖₂ ≤ Δ, B from L-SR1 (docs/algorithms.md §1.1, §2, §3). Order
 * 1 while no pair is stored, or where the model predicts no reduction. Consecutive points of one batch make the pairs.
 *
 * @param memory m, the number of pairs kept
 */
export function lSr1(memory: number): CurvatureModel<Knowledge> {
  return {
    start: () => ({ pairs: noPairs, last: null }),
    async step({ pairs }, space, g, radius) {
      const solution = pairs.s.length > 0 ? await obs(pairs, space, g, radius) : undefined;
      return solution && solution.predicted > 0 && Number.isFinite(solution.predicted)
        ? solution
        : gradient.step(null, space, g, radius);
    },
    async observe({ pairs, last }, space, at) {
      return { pairs: last ? await withPair(pairs, space, memory, between(last, at)) : pairs, last: at };
    },
    async observeTrial({ pairs, last }, space, at) {
      return { pairs: last ? await withPair(pairs, space, memory, between(last, at)) : pairs, last };
    },
    startBatch: ({ pairs }) => ({ pairs, last: null }),
    async restrict({ pairs, last }, subdomain) {
      return {
        pairs: await restrictPairs(pairs, wholeSpace(subdomain.size), subdomain),
        last: last && { x: subdomain.restrict(last.x), g: subdomain.restrict(last.g) },
      };
    },
  };
}

/** s = θ₊ − θ, y = ∇f₊ − ∇f */
function between(from: Slope, to: Slope): { s: Vector; y: Vector } {
  return { s: difference(to.x, from.x), y: difference(to.g, from.g) };
}

function difference(a: Vector, b: Vector): Vector {
  return addScaled(a, -1, b, new Float32Array(a.length));
}
