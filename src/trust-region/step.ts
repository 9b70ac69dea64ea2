import { addScaled, same, type Vector } from "../linalg/vector.js";
import type { Model } from "./model.js";
import type { Objective } from "./objective.js";
import { judge, type RadiusRule } from "./radius.js";

/** A point with what is known of f there. */
export interface Iterate {
  readonly x: Vector;
  readonly f: number;
}

/**
 * Takes a decision. Alone, the caller decides; among ranks, rank 0 decides and tells the others (docs/algorithms.md §9),
 * of which this folder knows nothing.
 */
export type Decide = <T>(decision: () => T) => T | Promise<T>;

export const decideAlone: Decide = (decision) => decision();

export interface TrustRegionOptions {
  readonly rule: RadiusRule;
  readonly model: Model;
  /** Trials with shrinking radius before the step is given up. */
  readonly maxTrials: number;
  /** After a first trial that was accepted, try twice the radius as well and keep the better: one more loss. */
  readonly tryLonger?: boolean;
  /** f_ref: what a trial is measured against, f(x) unless acceptance is non-monotone (docs/algorithms.md §8). */
  readonly reference?: number;
  readonly decide?: Decide;
}

export interface TrustRegionResult extends Iterate {
  readonly accepted: boolean;
  readonly radius: number;
  /** Ratio of the last trial judged; NaN where none was made (a stationary point). */
  readonly rho: number;
  /** The last trial, where every one was rejected. */
  readonly missed?: Vector | undefined;
}

/**
 * One trust-region step from `at` with gradient `g` (docs/algorithms.md §1, TCKK23 §2.1): trials with shrinking radius until
 * one is accepted, `maxTrials` were made, or float32 cannot tell a trial from `at`. Costs 1..maxTrials losses, no
 * gradient. Returns the new point, or `at` itself where every trial was rejected. Nothing passed in is written to.
 *
 * Trials may go below Δ_min, which bounds the radius that the next step starts with: with a floor under the trials
 * themselves a step whose radius is too long for the curvature would be rejected for ever.
 */
export async function trustRegionStep(
  objective: Objective,
  at: Iterate,
  g: Vector,
  radius: number,
  { rule, model, maxTrials, tryLonger = false, reference = at.f, decide = decideAlone }: TrustRegionOptions,
): Promise<TrustRegionResult> {
  const trials = { ...rule, min: 0 };
  let rho = NaN;
  let missed: Vector | undefined;
  for (let trial = 0; trial < maxTrials; trial++) {
    const tried = radius;
    const step = model.step(g, tried);
    if (step === undefined) break;
    const x = trialPoint(at.x, step.s);
    if (same(x, at.x)) break;
    const next = { x, f: await objective.value(x) };
    const verdict = await decide(() => judge(trials, tried, reference - next.f, step.predicted, step.norm));
    ({ radius, rho } = verdict);
    if (verdict.accepted) {
      const reach = 2 * tried;
      const longer = tryLonger && trial === 0 && reach <= rule.max ? model.step(g, reach) : undefined;
      if (longer) {
        const xFurther = trialPoint(at.x, longer.s);
        const further = { x: xFurther, f: await objective.value(xFurther) };
        if (await decide(() => further.f < next.f)) return { ...further, accepted: true, radius: reach, rho };
      }
      return { ...next, accepted: true, radius: Math.max(radius, rule.min), rho };
    }
    missed = x;
  }
  return { ...at, accepted: false, radius: Math.max(radius, rule.min), rho, missed };
}

function trialPoint(from: Vector, s: Vector): Vector {
  return addScaled(from, 1, s, new Float32Array(s.length));
}
