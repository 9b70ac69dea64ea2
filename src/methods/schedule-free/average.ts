import { number } from "../../config/option.js";
import type { Vector } from "../../linalg/vector.js";
import type { State } from "../method.js";
import { beta, decay } from "../first-order/options.js";
import { warmup } from "../first-order/schedule.js";

/**
 * Schedule-free methods (docs/algorithms.md §13): an average of the iterates takes the place of a falling rate.
 * θ is y, between the iterate z and the average x, and is where gradients are taken.
 */
export interface Averaged extends State {
  /** Steps taken. */
  readonly t: number;
  /** What the steps move. */
  readonly z: Vector;
  /** The average of z, which is tested, saved and exported. Replaced, as θ is. */
  readonly x: Vector;
  /** The largest learning rate so far. */
  readonly largest: number;
  /** Σ of the weights in the average. */
  readonly weights: number;
}

/** Those of all of them; `fallback` and `help` of the learning rate. */
export const averagedOptions = (fallback: number, help = "learning rate") => ({
  learningRate: number({ min: 0, fallback, help }),
  warmup,
  interpolation: beta(0.9, "share of the average in the point where gradients are taken"),
  weightDecay: decay(0),
});

export function setOut(theta: Vector): Averaged {
  return { theta, t: 0, z: theta.slice(), x: theta, largest: 0, weights: 0 };
}

/** What part of the average the iterate of this step is to be, and the account of it. */
export interface Share extends Pick<Averaged, "t" | "largest" | "weights"> {
  /** c_t: x ← x + c_t (z − x) */
  readonly share: number;
}

/** Of a step of that rate: the iterate weighs as much as the square of the largest rate so far. */
export function shareOf(rate: number, state: Pick<Averaged, "t" | "largest" | "weights">): Share {
  const t = state.t + 1;
  const largest = Math.max(rate, state.largest);
  const weights = state.weights + largest ** 2;
  return { t, largest, weights, share: weights > 0 ? largest ** 2 / weights : 0 };
}

/** Of a step in which the average is the iterate itself, and whose weight is forgotten. */
export function tracking(
  rate: number,
  { t, largest, weights }: Pick<Averaged, "t" | "largest" | "weights">,
): Share {
  return { t: t + 1, largest: Math.max(rate, largest), weights, share: 1 };
}
