import { normInf } from "../linalg/space.js";
import type { Vector } from "../linalg/vector.js";
import type { CurvatureModel } from "../trust-region/models/curvature-model.js";
import type { PointWithGradient } from "../trust-region/point.js";
import type { State } from "./method.js";
import type { BatchKey, Problem } from "./problem.js";
import type { TrustRegionParts } from "./trust-region-options.js";

/** What trust-region methods know between steps. */
export interface TrustRegionState extends State {
  /** Δ */
  readonly radius: number;
  /** What the curvature model has learnt. */
  readonly curvature: unknown;
  /** The batch of the last step; null before the first. */
  readonly batch: BatchKey | null;
  /** f(θ) and ∇f(θ) on that batch, where they are known. */
  readonly here: { readonly f: number; readonly g: Vector } | null;
}

/** Before the first step. */
export function firstState(theta: Vector, { model, radius }: TrustRegionParts): TrustRegionState {
  return { theta, radius, curvature: model.start(theta.length), batch: null, here: null };
}

/**
 * f and ∇f on one batch as one step gets to know them: every gradient that is finite is shown to the curvature model,
 * and where the same batch comes again, nothing is evaluated twice (docs/algorithms.md §4 (e)).
 */
export class Surroundings {
  /** The last step was on this batch, too. */
  readonly sameBatch: boolean;
  curvature: unknown;

  constructor(
    private readonly model: CurvatureModel,
    readonly problem: Pick<Problem, "key" | "objective" | "space">,
    private readonly state: TrustRegionState,
  ) {
    this.sameBatch = state.batch === problem.key;
    this.curvature = this.sameBatch ? state.curvature : model.startBatch(state.curvature);
  }

  /** θ, with f and ∇f. */
  async here(): Promise<PointWithGradient> {
    const { theta, here } = this.state;
    return this.sameBatch && here ? { x: theta, ...here } : this.evaluate(theta);
  }

  /** Any point, with f and ∇f. */
  async evaluate(x: Vector): Promise<PointWithGradient> {
    const { model, problem, curvature } = this;
    const g = new Float32Array(x.length);
    const f = await problem.objective.gradient(x, g);
    if (Number.isFinite(await normInf(problem.space, g)))
      this.curvature = await model.observe(curvature, problem.space, { x, g });
    return { x, f, g };
  }

  /** Shows a trial to a model that learns from it, for the price of a gradient. */
  async showTrial(x: Vector): Promise<void> {
    const { model, problem, curvature } = this;
    if (!model.observeTrial) return;
    const g = new Float32Array(x.length);
    await problem.objective.gradient(x, g);
    if (Number.isFinite(await normInf(problem.space, g)))
      this.curvature = await model.observeTrial(curvature, problem.space, { x, g });
  }

  /** What a step leaves behind that ends in `stands`; undefined: of θ no gradient is known. */
  known(stands?: PointWithGradient): Pick<TrustRegionState, "curvature" | "batch" | "here"> {
    const { curvature, problem } = this;
    return { curvature, batch: problem.key, here: stands ? { f: stands.f, g: stands.g } : null };
  }
}
