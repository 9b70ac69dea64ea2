import type { Examination } from "./facts.js";

/** `problem`: a job will not run, or not on this host; `warning`: it runs, but worse than it could. */
export type State = "ok" | "warning" | "problem";

export interface Verdict {
  readonly state: State;
  readonly found: string;
  /** What to do, where something is not as it should be. */
  readonly remedy?: string;
}

export interface Finding extends Verdict {
  /** Undefined: between hosts. */
  readonly host?: string;
  readonly subject: string;
}

/** One look at all hosts together. */
export type Check = (examination: Examination) => readonly (Verdict & { readonly host?: string })[];

/** The verdict on what is `fine`, or `otherwise`: then with its remedy. */
export function judged(fine: boolean, found: string, otherwise: State, remedy: string): Verdict {
  return fine ? { state: "ok", found } : { state: otherwise, found, remedy };
}

/** The verdict on a value of which `enough` is fine, and less than `least` a problem. */
export function graded(
  value: number,
  { enough, least = -Infinity }: { readonly enough: number; readonly least?: number },
  found: string,
  remedy: string,
): Verdict {
  return judged(value >= enough, found, value < least ? "problem" : "warning", remedy);
}
