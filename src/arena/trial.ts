/** What one evaluation of a run saw. */
export interface Measurement {
  /** Of training since the run began; evaluations, start and data left out. */
  readonly seconds: number;
  /** Passes over the training samples, as steps made go. */
  readonly epochs: number;
  /** Updates of the parameters tried since the run began, whether accepted or not. */
  readonly steps: number;
  /** Full gradients: passes over the training samples that were differentiated. */
  readonly gradients: number;
  /** `loss`, `testLoss`, `testAccuracy` and the other metrics of the run, by name. */
  readonly values: Readonly<Record<string, number>>;
}

/** One run of one method with one configuration on one workload from one seed. */
export interface Trial {
  readonly workload: string;
  readonly method: string;
  /** What a search chose: its options by name; {} where the method has one fixed configuration. */
  readonly candidate: Readonly<Record<string, unknown>>;
  readonly seed: number;
  /** Why it ended without its budget being used: a run that diverged or failed; what it measured before counts. */
  readonly failure?: string;
  readonly measurements: readonly Measurement[];
}

/** What a method is to reach on a workload. */
export interface Target {
  readonly metric: string;
  readonly value: number;
  /** Whether the metric is to fall to the value or to rise to it. */
  readonly direction: "min" | "max";
}
