import { same, type VectorSpace } from "../linalg/space.js";
import { addScaled, roomFor, type Vector } from "../linalg/vector.js";
import type { CurvatureModel } from "./models/curvature-model.js";
import type { Objective } from "./objective.js";
import type { Point, PointWithGradient } from "./point.js";
import { judge, type RadiusRule } from "./radius.js";

/**
 * Takes a decision. Alone, the caller decides; among ranks, rank 0 decides and tells the others
 * (docs/algorithms.md §9), of which this folder knows nothing.
 */
export type Decide = <T>(decision: () => T) => T | Promise<T>;

export interface TrustRegionOptions {
  readonly rule: RadiusRule;
  /** Where steps come from, and what it knows. */
  readonly model: CurvatureModel;
  readonly curvature: unknown;
  /** Trials with shrinking radius before the step is given up. */
  readonly maxTrials: number;
  /** Where a first trial kept enough of its promise, try twice the radius as well and keep the better: one more loss. */
  readonly tryLonger?: boolean;
  /** f_ref: what a trial's loss is to be below; f(x) unless acceptance is non-monotone (docs/algorithms.md §8). */
  readonly reference?: number;
  readonly decide?: Decide;
}

export interface TrustRegionResult {
  /** Where the step ended: the trial accepted, or the point it began at. */
  readonly to: Point;
  readonly accepted: boolean;
  readonly radius: number;
  /** Ratio of the last trial judged; NaN where none was made (a stationary point). */
  readonly rho: number;
  /** The last trial, where every one was rejected. */
  readonly missed?: Vector | undefined;
}

/**
 * The parabola through f(x), its slope and a trial's loss is lower at twice the step just where the trial's ratio is above
 * this: f(2s) − f(s) = p (2 − 3ρ), p = −gᵀs.
 */
const WORTH_TWICE = 2 / 3;

/**
 * One trust-region step from `at` (docs/algorithms.md §1, TCKK23 §2.1): trials with shrinking radius until one is
 * accepted, `maxTrials` were made, or float32 cannot tell a trial from `at`. Costs 1..maxTrials losses, no gradient.
 * Nothing passed in is written to.
 *
 * Trials may go below Δ_min, which bounds the radius that the next step starts with: with a floor under the trials
 * themselves a step whose radius is too long for the curvature would be rejected for ever.
 */
export async function trustRegionStep(
  { objective, space }: { readonly objective: Objective; readonly space: VectorSpace },
  at: PointWithGradient,
  radius: number,
  {
    rule,
    model,
    curvature,
    maxTrials,
    tryLonger = false,
    reference = at.f,
    decide = (decision) => decision(),
  }: TrustRegionOptions,
): Promise<TrustRegionResult> {
  const trials = { ...rule, min: 0 };

  /** A trial in the ball of `tried`, to end below `below`; undefined where the model has none, or it is `at` itself. */
  async function attempt(tried: number, below: number) {
    const step = await model.step(curvature, space, at.g, tried);
    if (step === undefined) return undefined;
    const x = addScaled(at.x, 1, step.s, roomFor(step.s.length));
    if (await same(space, x, at.x)) return undefined;
    const f = await objective.value(x);
    const verdict = await decide(() => ({
      ...judge(trials, tried, at.f - f, step.predicted, step.norm, reference - at.f),
      isBelow: f < below,
    }));
    return { to: { x, f }, ...verdict };
  }

  let rho = NaN;
  let missed: Vector | undefined;
  for (let trial = 0; trial < maxTrials; trial++) {
    const tried = radius;
    const first = await attempt(tried, Infinity);
    if (!first) break;
    ({ radius, rho } = first);
    if (first.accepted) {
      const reach = 2 * tried;
      const longer =
        tryLonger && trial === 0 && rho > WORTH_TWICE && reach <= rule.max
          ? await attempt(reach, first.to.f)
          : undefined;
      const { isBelow, ...best } = longer?.isBelow ? longer : first;
      return { ...best, radius: Math.max(best.radius, rule.min) };
    }
    missed = first.to.x;
  }
  return { to: at, accepted: false, radius: Math.max(radius, rule.min), rho, missed };
}
