import { adamStep } from "../linalg/adam-step.js";
import type { Vector } from "../linalg/vector.js";

/* What walks through mini-batches are made of: docs/algorithms.md §4, "On mini-batches", and docs/algorithms.md §7, "Walks". */

const BETA1 = 0.9;
/** β₂ = 1 − t^−0.9, at most 0.999: early gradients, which may be huge, are soon forgotten (Shazeer, Stern, ICML 2018, §7.2). */
const BETA2 = 0.999;
const MEMORY = 0.9;
export const EPSILON = 1e-8;
/** γ: the average is over about the last ninth of all iterates (Shamir, Zhang, ICML 2013, §4: γ = 8 is common). */
const GAMMA = 8;

/** The factor that makes m̂ of the average of t gradients; that of squares needs none, as β₂ begins with 0. */
export function unbiased(t: number): number {
  return 1 / (1 - BETA1 ** t);
}

/** Where a step of a walk begins, and what it is made of; m and v are written to. */
export interface WalkFrom {
  readonly x: Vector;
  readonly g: Vector;
  readonly m: Vector;
  readonly v: Vector;
}

/** How far a step may go. */
export interface Reach {
  /** Δ */
  readonly radius: number;
  /** How much of a component is stepped that this mini-batch's gradient points against. */
  readonly against: 0 | 1;
}

/**
 * The t-th step: m, v ← averages with g, in place; to ← x − Δ m̂ / √v, no component moved by more than Δ.
 * @param mean the average of iterates that is to follow: into another vector, or where it is
 */
export function walkStep(
  t: number,
  { radius, against }: Reach,
  { x, g, m, v }: WalkFrom,
  to: Vector,
  mean?: { readonly from: Vector; readonly to: Vector },
): void {
  const averages = { beta1: BETA1, beta2: Math.min(BETA2, 1 - t ** -MEMORY), coupled: 0, keep: 1 };
  const rates = { rate: radius * unbiased(t), scale: 1, epsilon: EPSILON, limit: radius, against };
  adamStep({ ...averages, ...rates }, m, v, x, g, to, mean && { ...mean, share: averageShare(t) });
}

/** What of x̄ the iterate after step t replaces, where it is the end of so many. */
export function averageShare(t: number, steps = 1): number {
  return Math.min(1, ((GAMMA + 1) * steps) / (t + GAMMA));
}

/** −gᵀ(to − from), of the entries held here. */
export function decrease(g: Vector, from: Vector, to: Vector): number {
  let here = 0;
  for (let i = 0; i < g.length; i++) here -= g[i]! * (to[i]! - from[i]!);
  return here;
}
