import { addScaled, roomFor, type Vector } from "../linalg/vector.js";
import type { Point, PointWithGradient } from "../trust-region/point.js";
import type { RadiusRule } from "../trust-region/radius.js";
import { trustRegionStep, type Decide, type TrustRegionOptions } from "../trust-region/step.js";
import type { Surroundings } from "./surroundings.js";

/** α of docs/algorithms.md §6.5 */
const SHRINK = 0.9;

/** What local solves have made together. */
export interface Summed {
  readonly s: Vector;
  readonly predicted: number;
  /** f_ref */
  readonly reference: number;
}

export interface SummedStepOptions extends Omit<TrustRegionOptions, "curvature" | "reference"> {
  /** Trust-region steps on f after the summed one. */
  readonly globalSteps: number;
  /** The gradient at the trial will be asked for: it is made with its loss. */
  readonly isOfUse: boolean;
}

/** Steps 4–6 of docs/algorithms.md §6 and §7: the sum is tried, accepted or rejected, and steps on f follow. */
export async function summedStep(
  around: Surroundings,
  at: PointWithGradient,
  radius: number,
  { s, predicted, reference }: Summed,
  { globalSteps, isOfUse, ...asked }: SummedStepOptions,
): Promise<{ readonly to: Point; readonly accepted: boolean; readonly radius: number }> {
  const { problem } = around;
  const options = { ...asked, rule: { ...asked.rule, shrink: SHRINK } };
  const { rule } = options;
  const decide: Decide = options.decide ?? ((decision) => decision());

  // 4  f(θ + s), with the gradient that comes next where that is of use
  const x = addScaled(at.x, 1, s, roomFor(s.length));
  const trial: Point = isOfUse ? await around.evaluate(x) : { x, f: await problem.objective.value(x) };

  // 5  accept or reject
  const verdict = await decide(() => judgeSum(rule, radius, reference - trial.f, predicted));
  let to: Point = verdict.accepted ? trial : at;
  let { accepted, radius: next } = verdict;

  // 6  trust-region steps on f
  for (let k = 0; k < globalSteps; k++) {
    const from: PointWithGradient = to.g ? { ...to, g: to.g } : await around.evaluate(to.x);
    const result = await trustRegionStep(problem, from, next, { ...options, curvature: around.curvature });
    if (result.missed) await around.showTrial(result.missed);
    to = result.accepted ? result.to : from;
    accepted ||= result.accepted;
    next = result.radius;
  }
  return { to, accepted, radius: next };
}

/** Acceptance of a summed step and its radius (docs/algorithms.md §6.5). */
export function judgeSum(
  { eta1, eta2, shrink, grow, min, max }: RadiusRule,
  radius: number,
  actual: number,
  predicted: number,
): { readonly accepted: boolean; readonly radius: number } {
  const rho = predicted > 0 ? actual / predicted : NaN;
  if (!(rho >= eta1)) return { accepted: false, radius: Math.max(shrink * radius, min) };
  return { accepted: true, radius: rho > eta2 ? Math.min(grow * radius, max) : radius };
}
