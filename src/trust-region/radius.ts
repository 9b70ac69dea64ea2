/** How a radius reacts to the quality of a step (docs/algorithms.md §1.4). */
export interface RadiusRule {
  /** Below this ratio the radius shrinks. */
  readonly eta1: number;
  /** Above this ratio, after a step that used the radius, it grows. */
  readonly eta2: number;
  /** α */
  readonly shrink: number;
  /** β */
  readonly grow: number;
  /** Δ_min: the smallest radius that a step starts with; its trials may go below. */
  readonly min: number;
  /** Δ_max */
  readonly max: number;
}

/** The global radii and factors of TCKK23 §3.1. */
export const globalRule: RadiusRule = { eta1: 0.25, eta2: 0.75, shrink: 0.5, grow: 2, min: 1e-4, max: 1e-1 };
/** Δ⁰ */
export const initialRadius = 1e-2;

export interface Verdict {
  readonly accepted: boolean;
  readonly radius: number;
  /** actual / predicted */
  readonly rho: number;
}

/** A step counts as using the radius from this share of it on (docs/algorithms.md §1.4). */
const ON_THE_BOUNDARY = 0.9;

/**
 * The ratio test: the only place where a step is accepted or rejected and a radius changes (docs/algorithms.md §1.3,
 * §1.4). Reductions are positive when f falls; a reduction that is not finite is a rejection, never an error.
 *
 * @param actual f(θ) − f(θ+s)
 * @param predicted m(0) − m(s), positive
 * @param norm ‖s‖ in the norm of the ball the step was sought in
 * @param rise what f may rise by and the step still be accepted, f_ref − f(θ) (docs/algorithms.md §8)
 */
export function judge(
  rule: RadiusRule,
  radius: number,
  actual: number,
  predicted: number,
  norm: number,
  rise = 0,
): Verdict {
  const rho = Number.isFinite(actual) ? actual / predicted : -Infinity;
  const accepted = Number.isFinite(actual) && actual + rise > 0;
  if (!(rho >= rule.eta1)) return { accepted, radius: Math.max(rule.shrink * radius, rule.min), rho };
  if (rho > rule.eta2 && norm >= ON_THE_BOUNDARY * radius) {
    return { accepted, radius: Math.min(rule.grow * radius, rule.max), rho };
  }
  return { accepted, radius, rho };
}
