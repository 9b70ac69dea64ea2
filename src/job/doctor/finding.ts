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

export function bytes(count: number): string {
  if (count === Infinity) return "no limit";
  return count < 2 ** 30 ? `${(count / 2 ** 20).toFixed(0)} MiB` : `${(count / 2 ** 30).toFixed(1)} GiB`;
}
