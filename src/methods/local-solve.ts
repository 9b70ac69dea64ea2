import { distanceInf, normInf, wholeSpace } from "../linalg/space.js";
import { addScaled } from "../linalg/vector.js";
import type { Objective } from "../trust-region/objective.js";
import type { Point, PointWithGradient } from "../trust-region/point.js";
import { trustRegionStep } from "../trust-region/step.js";
import type { Correction } from "./preconditioner.js";
import type { TrustRegionParts } from "./trust-region-options.js";

export interface LocalSolveOptions extends Pick<TrustRegionParts, "model" | "rule" | "maxTrials"> {
  /** ν */
  readonly localSteps: number;
  /** What the global model knows of the subdomain. */
  readonly curvature: unknown;
  /** ‖a − b‖ in the norm of the ball; the infinity norm where not given. */
  readonly distance?: typeof distanceInf;
}

/** The local radius is spent when the iterate is this close to the global one (docs/algorithms.md §4.3). */
const RADIUS_SPENT = 1e-3;

/**
 * The subproblem of one subdomain (docs/algorithms.md §4.3): up to ν trust-region steps on θ_i ↦ f(θ) that together
 * stay in the global ball, ‖θ_i − R_iθ‖_∞ ≤ Δ. The gradient of the first step is R_i g: `start` has it, it is not
 * recomputed. Returns θ_i. All in this process.
 */
export async function localSolve(
  objective: Objective,
  start: PointWithGradient,
  globalRadius: number,
  { localSteps, rule, model, curvature, maxTrials, distance = distanceInf }: LocalSolveOptions,
): Promise<Point> {
  const space = wholeSpace(start.x.length);
  let at: Point = start;
  let radius = globalRadius;
  for (let step = 0; step < localSteps; step++) {
    const room = globalRadius - (await distance(space, at.x, start.x));
    if (room <= RADIUS_SPENT * globalRadius) break;
    let { g } = at;
    if (!g) {
      g = new Float32Array(at.x.length);
      await objective.gradient(at.x, g);
      if (Number.isFinite(await normInf(space, g)))
        curvature = await model.observe(curvature, space, { x: at.x, g });
    }
    const from = { ...at, g };
    const result = await trustRegionStep({ objective, space }, from, Math.min(radius, room), {
      rule: { ...rule, min: 0, max: room },
      model,
      curvature,
      maxTrials,
    });
    radius = result.radius;
    at = result.to;
  }
  return at;
}

/** What `localSolve` moves the parameters by, and what f falls by with it. */
export async function localCorrection(
  { objective }: { readonly objective: Objective },
  start: PointWithGradient,
  globalRadius: number,
  options: LocalSolveOptions,
): Promise<Correction> {
  const end = await localSolve(objective, start, globalRadius, options);
  return {
    s: addScaled(end.x, -1, start.x, new Float32Array(start.x.length)),
    predicted: start.f - end.f,
  };
}
