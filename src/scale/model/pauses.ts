import { sumOf } from "../../averages.js";

/**
 * What pauses of any rank add to a step, in seconds: where ranks meet in every step, in every second, every fourth, …, the longest
 * that any of them paused in between.
 */
export type Pauses = readonly number[];

/** @param pauses by rank, what it paused in each step */
export function longestPauses(pauses: readonly (readonly number[])[]): Pauses {
  const steps = Math.min(...pauses.map(({ length }) => length));
  const windows = Array.from({ length: Math.floor(Math.log2(steps)) + 1 }, (_, k) => 2 ** k);
  return windows.map((length) => {
    const whole = Math.floor(steps / length);
    const longest = (w: number): number =>
      Math.max(...pauses.map((own) => sumOf(own.slice(w * length, (w + 1) * length))));
    return sumOf(Array.from({ length: whole }, (_, w) => longest(w))) / (whole * length);
  });
}

/** Where ranks meet so often in a step, between the windows that were probed. */
export function pausesWhereMet(pauses: Pauses, meetings: number): number {
  const at = Math.min(pauses.length - 1, Math.max(0, -Math.log2(meetings)));
  const below = Math.floor(at);
  const above = Math.min(pauses.length - 1, below + 1);
  return pauses[below]! + (at - below) * (pauses[above]! - pauses[below]!);
}
