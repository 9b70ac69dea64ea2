import type { Measurement, Target, Trial } from "../trial.js";

/** What progress is counted in. */
export type Unit = "seconds" | "gradients" | "epochs";

export const UNITS = ["seconds", "gradients", "epochs"] as const satisfies readonly (Unit &
  keyof Measurement)[];

/** How far a trial may go: as far as all that are given allow. What is measured beyond does not count. */
export type Budget = Readonly<Partial<Record<Unit, number>>>;

/** A problem that every method is to solve. */
export interface ComparedWorkload {
  readonly name: string;
  /** From easy to hard, at least one; the last is the one by which a search chooses. */
  readonly targets: readonly Target[];
  readonly budget: Budget;
  /** What is trained on what, by name of the option, for the reader. */
  readonly options: Readonly<Record<string, unknown>>;
}

export interface ComparedMethod {
  readonly name: string;
  /** Its fixed configuration, by name of the option; what a search tries is in its trials' candidates. */
  readonly options: Readonly<Record<string, unknown>>;
}

/** What was compared and what came out, finished or not: a method without trials on a workload has not reached its targets. */
export interface Compared {
  readonly workloads: readonly ComparedWorkload[];
  /** In the order of their colours. */
  readonly methods: readonly ComparedMethod[];
  readonly trials: readonly Trial[];
  /** Where and with what it ran (version, machine, threads, …), by name, for the reader. */
  readonly about: Readonly<Record<string, string>>;
}
