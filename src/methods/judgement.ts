import type { RadiusRule } from "../trust-region/radius.js";

/** What one mini-batch tells of a walk and its model. */
export interface Judgement {
  /** The step's number. */
  readonly t: number;
  /** f(θ) */
  readonly f: number;
  /** f(θ + s) */
  readonly trial: number;
  /** −gᵀs */
  readonly predicted: number;
  /** f(x̄), */
  readonly accepted: number;
  /** and where x̄ was about a tenth of all steps ago. */
  readonly earlier: number;
}

/** What is known of the judgements so far. */
export interface Judgements {
  /** t of the last; 0 before the first. */
  readonly last: number;
  /** f(θ) of the first. */
  readonly first: number;
  /** No loss was negative so far: then 0 is taken for what losses fall towards. */
  readonly positive: boolean;
  /** Those since Δ was set. */
  readonly open: readonly Judgement[];
  /** The last losses f(θ) on mini-batches that were judged, W at most. */
  readonly window: readonly number[];
  /** When a walk was undone last, and the radius that it left. */
  readonly undone: { readonly t: number; readonly radius: number };
}

export interface Verdict {
  readonly judgements: Judgements;
  readonly radius: number;
  /** A step has raised the loss beyond the window, or the walk is lost: it is undone. */
  readonly undo: boolean;
}

/** Whose judgements they are. */
interface Judged {
  /** Δ is set after so many judgements, by their sums. */
  readonly enough: number;
  /** f(θ) is that of the iterate, not of the ends of walks that are averaged. */
  readonly isIterate: boolean;
}

/** A walk from mini-batch to mini-batch: single judgements are noisy. */
const ONE_WALK: Judged = { enough: 2, isIterate: true };
/** Walks of shards, whose mean is nearer to x̄ than their ends (docs/algorithms.md §7, "Walks"). */
export const MEAN_OF_WALKS: Judged = { enough: 1, isIterate: false };
/** Below this share of the predicted decrease, the model is trusted too far; above the second, further. */
const ETA = [0.6, 0.75] as const;
/** The same while f(θ) is below f(x̄) by more than a share of what is left or was gained: the walk gets on, whatever single steps do. */
const ETA_AHEAD = [0, 0.25] as const;
const AHEAD = 0.05;
/** By how much f(θ) may be above f(x̄), as a share of what is left or was gained: Δ falls beyond the second, and grows below the first. */
const NOISE = [0.15, 0.3] as const;
/** What was gained counts so much of it, and never less than this share of what is left: at first nothing was. */
const GAINED = 0.5;
const LEAST = 0.02;
/** x̄ may rise by this share of how far θ strays from it, and of what is left or was gained: so much is noise. */
const RISE = [0.2, 0.01] as const;
/** It has to fall by this share of how far θ strays while more is left than what was gained counts: that may be noise which never goes, */
const FALL = 0.2;
/** unless less was gained than this share of what is left: then it may not have begun; */
const BEGUN = 0.25;
/** or Δ is no more than this share of the longest: shorter steps would learn by heart sooner. */
const LONG = 0.1;
/** W */
const WINDOW = 5;
/** A longer Δ than an undone walk left is not tried before there are so many times the steps. */
const AGAIN = 2;

export const begun: Judgements = {
  last: 0,
  first: 0,
  positive: true,
  open: [],
  window: [],
  undone: { t: 0, radius: 0 },
};

/**
 * Sets Δ by two ratios, each of sums over the last judgements (docs/algorithms.md §4, "On mini-batches"):
 *
 *   ρ = Σ f(θ) − f(θ+s) / Σ −gᵀs     is the model right as far as Δ? On the mini-batch that made it, as everywhere.
 *   q = Σ f(θ) − f(x̄) / min(Σ f(x̄), ½ Σ f₁ − f(x̄))     how far does the walk stray from where it leads? On a mini-batch
 *                                      neither has seen. f₁ is the first loss, and 0 what losses fall towards.
 *
 * and makes it smaller where x̄, the accepted point, has risen beyond noise, and, while what is left may be nothing but noise, where it
 * has not fallen. A walk that has lost half of what was gained is undone. Large mini-batches and smooth losses are limited by ρ, noisy ones by q, whose
 * averages gain nothing from longer steps. While the walk leaves its average behind, ρ need only be positive.
 */
export function judged(
  before: Judgements,
  seen: Judgement,
  radius: number,
  { grow, min, max }: Pick<RadiusRule, "grow" | "min" | "max">,
  { enough, isIterate }: Judged = ONE_WALK,
): Verdict {
  const { t, f, trial, accepted } = seen;
  const first = before.last === 0 ? f : before.first;
  const positive = before.positive && Math.min(f, trial, accepted) >= 0;
  const window = [...before.window, f].slice(-WINDOW);
  const judgements = { last: t, first, positive, window, undone: before.undone };
  const smaller = Math.max(min, radius / grow);
  if (!(trial <= Math.max(...window)) || (isIterate && isLost(seen, before.window, first))) {
    const undone = { t, radius: smaller };
    return { judgements: { ...judgements, open: [], undone }, radius: smaller, undo: true };
  }

  const open = [...before.open, seen];
  if (open.length < enough) return { judgements: { ...judgements, open }, radius, undo: false };
  const total = (of: (judgement: Judgement) => number) => open.reduce((sum, one) => sum + of(one), 0);
  const predicted = total((one) => one.predicted);
  const rho = predicted > 0 ? total((one) => one.f - one.trial) / predicted : -Infinity;
  const level = total((one) => one.accepted);
  const gained = total((one) => first - one.accepted);
  const strayed = total((one) => one.f - one.accepted);
  const worth = positive ? Math.min(level, Math.max(GAINED * gained, LEAST * level)) : Math.max(0, gained);
  const rose = total((one) => one.accepted - one.earlier);
  const above = Math.max(0, strayed);
  const hasBegun = gained > BEGUN * level;
  const mayBeNoise = isIterate && positive && hasBegun && level > GAINED * gained && radius > LONG * max;
  const rises = rose > (mayBeNoise ? -FALL * above : RISE[0] * above + RISE[1] * worth);
  const eta = strayed < -AHEAD * worth ? ETA_AHEAD : ETA;
  let next = radius;
  if (rho < eta[0] || strayed > NOISE[1] * worth || rises) next = smaller;
  else if (rho > eta[1] && strayed < NOISE[0] * worth) {
    const known = t < AGAIN * before.undone.t ? before.undone.radius : Infinity;
    next = Math.min(max, known, radius * grow);
  }
  return { judgements: { ...judgements, open: [] }, radius: next, undo: false };
}

/** Above all losses of the window, and on this very mini-batch above x̄ by a share of all that was gained. */
function isLost({ f, accepted }: Judgement, window: readonly number[], first: number): boolean {
  if (window.length < WINDOW) return false;
  return f > Math.max(...window) && f - accepted > GAINED * Math.max(0, first - accepted);
}
