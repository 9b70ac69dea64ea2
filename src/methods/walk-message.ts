import { addScaled, scale, type Vector } from "../linalg/vector.js";

/* What the walk of a shard sends to the sum of docs/algorithms.md §7, "Walks", step 4, and what the sum says. */

/** What a walk tells beside where it ends, in the order in which it travels. */
const TOLD = ["f", "fell", "predicted", "strayed"] as const;
export type Told = Readonly<Record<(typeof TOLD)[number], number>>;

/** Where a walk has come to, and what it tells. */
export interface Walk extends Told {
  readonly end: Vector;
  readonly v: Vector;
  /** The mean of its mini-batches' losses. */
  readonly loss: number;
}

/** Entries of a message. */
export const messageLength = (n: number): number => 2 * n + TOLD.length;

/** partial (2n + 4) ← weight times the walk: its step, its averages, and what it tells. */
export function writeMessage(walk: Walk | undefined, theta: Vector, weight: number, partial: Vector): void {
  if (walk === undefined) {
    partial.fill(NaN);
    return;
  }
  const n = theta.length;
  const step = partial.subarray(0, n);
  addScaled(walk.end, -1, theta, step);
  scale(weight, step, step);
  scale(weight, walk.v, partial.subarray(n, 2 * n));
  TOLD.forEach((name, i) => (partial[2 * n + i] = weight * walk[name]));
}

/** s, v and what is told of the sum of all messages. */
export function readMessage(
  sum: Vector,
  n: number,
): { readonly s: Vector; readonly v: Vector; readonly told: Told } {
  const told = Object.fromEntries(TOLD.map((name, i) => [name, sum[2 * n + i]!])) as Record<
    keyof Told,
    number
  >;
  return { s: sum.subarray(0, n), v: sum.slice(n, 2 * n), told };
}
