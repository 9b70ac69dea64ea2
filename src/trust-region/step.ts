import { addScaled, type Vector } from "../linalg/vector.js";
import type { CurvatureModel } from "./first-order.js";
import type { Objective } from "./objective.js";
import { judge, type RadiusRule } from "./radius.js";

/** A point with what is known of f there. */
export interface Iterate {
  readonly x: Vector;
  readonly f: number;
}

/**
 * Takes a decision. Alone, the caller decides; among ranks, rank 0 decides and tells the others (ALGORITHMS §9),
 * of which this folder knows nothing.
 */
export type Decide = <T>(decision: () => T) => T | Promise<T>;

export const decideAlone: Decide = (decision) => decision();

export interface TrustRegionOptions {
  readonly rule: RadiusRule;
  readonly model: CurvatureModel;
  /** Trials with shrinking radius before the step is given up. */
  readonly maxTrials: number;
  readonly decide?: Decide;
}

export interface TrustRegionResult extends Iterate {
  readonly accepted: boolean;
  readonly radius: number;
  /** Ratio of the last trial; NaN where none was made (a stationary point). */
  readonly rho: number;
}

/**
 * One trust-region step from `at` with gradient `g` (ALGORITHMS §1, TCKK23 §2.1): trials with shrinking radius until
 * one is accepted, a trial at Δ_min was rejected, or `maxTrials` were made. Costs 1..maxTrials losses, no gradient.
 * Returns the new point, or `at` itself where every trial was rejected. Nothing passed in is written to.
 */
export async function trustRegionStep(
  objective: Objective,
  at: Iterate,
  g: Vector,
  radius: number,
  { rule, model, maxTrials, decide = decideAlone }: TrustRegionOptions,
): Promise<TrustRegionResult> {
  let rho = NaN;
  for (let trial = 0; trial < maxTrials; trial++) {
    const step = model.step(g, radius);
    if (step === undefined) break;
    const x = addScaled(at.x, 1, step.s, new Float32Array(at.x.length));
    const f = await objective.value(x);
    const tried = radius;
    const verdict = await decide(() => judge(rule, tried, at.f - f, step.predicted, step.norm));
    ({ radius, rho } = verdict);
    if (verdict.accepted) return { x, f, accepted: true, radius, rho };
    if (tried <= rule.min) break;
  }
  return { ...at, accepted: false, radius, rho };
}
