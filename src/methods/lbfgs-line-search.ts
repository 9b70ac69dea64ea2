/** φ(t) = f(θ + td) and φ′(t) = ∇f(θ + td)ᵀd */
export interface Value {
  readonly f: number;
  readonly slope: number;
}

interface Trial extends Value {
  readonly t: number;
}

/** Sufficient decrease and curvature, the customary constants for quasi-Newton directions (NW06 §3.1). */
const C1 = 1e-4;
const C2 = 0.9;
const MAX_TRIALS = 25;

/**
 * A step length t that satisfies the strong Wolfe conditions, NW06 Algorithms 3.5 and 3.6:
 *
 *   φ(t) ≤ φ(0) + c₁ t φ′(0)   and   |φ′(t)| ≤ c₂ |φ′(0)|
 *
 * A coroutine: it yields the lengths it wants to know φ and φ′ of, and returns the length chosen, so that it knows
 * nothing of how f is evaluated, or by how many ranks. Where 25 trials or a bracket narrower than `resolution` do not
 * suffice it returns the best length with sufficient decrease, or 0.
 *
 * NW06 leaves the interpolation open. As in Schmidt's minFunc and its descendants it is cubic (NW06 eq. 3.59), growing
 * at most tenfold, and kept a tenth of the bracket away from its ends when it comes too close twice.
 */
export function* strongWolfe(
  atZero: Value,
  firstTrial: number,
  resolution: number,
): Generator<number, number, Value> {
  const decreases = ({ t, f }: Trial): boolean => f <= atZero.f + C1 * t * atZero.slope; // false for NaN
  const isFlat = ({ slope }: Trial): boolean => Math.abs(slope) <= -C2 * atZero.slope;

  // Algorithm 3.5: lengthen t until the conditions hold or an interval must contain such a t
  let previous: Trial = { t: 0, ...atZero };
  let t = firstTrial;
  let trials = 0;
  let low: Trial;
  let high: Trial;
  for (;;) {
    const trial: Trial = { t, ...(yield t) };
    trials++;
    if (!decreases(trial) || (trials > 1 && trial.f >= previous.f)) {
      [low, high] = [previous, trial];
      break;
    }
    if (isFlat(trial) || trials === MAX_TRIALS) return trial.t;
    if (trial.slope >= 0) {
      [low, high] = [trial, previous];
      break;
    }
    const [shortest, longest] = [t + 0.01 * (t - previous.t), 10 * t];
    t = cubicMinimiser(previous, trial, shortest, longest);
    previous = trial;
  }

  // Algorithm 3.6, zoom: `low` has the least f of all trials with sufficient decrease, and φ′(low) points to `high`
  let cameClose = false;
  while (trials < MAX_TRIALS && Math.abs(high.t - low.t) >= resolution) {
    const [left, right] = low.t < high.t ? [low.t, high.t] : [high.t, low.t];
    const margin = 0.1 * (right - left);
    t = cubicMinimiser(low, high, left, right);
    const isClose = Math.min(right - t, t - left) < margin;
    if (isClose && (cameClose || t >= right || t <= left)) {
      t = right - t < t - left ? right - margin : left + margin;
      cameClose = false;
    } else {
      cameClose = isClose;
    }
    const trial: Trial = { t, ...(yield t) };
    trials++;
    if (!decreases(trial) || trial.f >= low.f) {
      high = trial;
    } else {
      if (isFlat(trial)) return trial.t;
      if (trial.slope * (high.t - low.t) >= 0) high = low;
      low = trial;
    }
  }
  return low.t;
}

/**
 * The minimiser of the cubic through two points with their slopes (NW06 eq. 3.59), between `left` and `right`;
 * the middle where there is none, or a value is not finite.
 */
function cubicMinimiser(a: Trial, b: Trial, left: number, right: number): number {
  const d1 = a.slope + b.slope - (3 * (a.f - b.f)) / (a.t - b.t);
  const d2 = Math.sign(b.t - a.t) * Math.sqrt(d1 * d1 - a.slope * b.slope); // NaN: no minimiser
  const t = b.t - ((b.t - a.t) * (b.slope + d2 - d1)) / (b.slope - a.slope + 2 * d2);
  return Number.isNaN(t) ? (left + right) / 2 : Math.min(Math.max(t, left), right);
}
