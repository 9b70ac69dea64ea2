import { distanceInf, normInf, type Vector } from "../linalg/vector.js";
import type { Model } from "../trust-region/model.js";
import type { Objective } from "../trust-region/objective.js";
import type { RadiusRule } from "../trust-region/radius.js";
import { trustRegionStep, type Iterate } from "../trust-region/step.js";

export interface LocalSolveOptions {
  /** ν */
  readonly steps: number;
  readonly rule: RadiusRule;
  /** What the global model knows of the subdomain; learns from the local gradients. */
  readonly model: Model;
  readonly maxTrials: number;
}

/** The local radius is spent when the iterate is this close to the global one (docs/algorithms.md §4.3). */
const RADIUS_SPENT = 1e-3;

/**
 * The subproblem of one subdomain (docs/algorithms.md §4.3): up to ν trust-region steps on θ_i ↦ f(θ) that together stay in
 * the global ball, ‖θ_i − R_iθ‖_∞ ≤ Δ. The gradient of the first step is R_i g: it is given, not recomputed.
 * Returns θ_i.
 */
export async function localSolve(
  objective: Objective,
  start: Iterate,
  firstGradient: Vector,
  globalRadius: number,
  { steps, rule, model, maxTrials }: LocalSolveOptions,
): Promise<Vector> {
  let at: Iterate = start;
  let g = firstGradient;
  let gradientAt: Iterate = start;
  let radius = globalRadius;
  for (let step = 0; step < steps; step++) {
    const room = globalRadius - distanceInf(at.x, start.x);
    if (room <= RADIUS_SPENT * globalRadius) break;
    if (gradientAt !== at) {
      g = new Float32Array(g.length);
      await objective.gradient(at.x, g);
      if (Number.isFinite(normInf(g))) model.observe(at.x, g);
      gradientAt = at;
    }
    const result = await trustRegionStep(objective, at, g, Math.min(radius, room), {
      rule: { ...rule, min: 0, max: room },
      model,
      maxTrials,
    });
    radius = result.radius;
    if (result.accepted) at = result;
  }
  return at.x;
}
