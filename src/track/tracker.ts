/** Values by name; null where there is none. */
export type Scalars = Readonly<Record<string, number | null>>;

/** What a run is told by, and how far it has come: what is there beyond that is of epochs that are done again. */
export interface TrackedRun {
  /** The run folder. */
  readonly folder: string;
  readonly hyperParameters: Readonly<Record<string, string | number | boolean>>;
  readonly epochs: number;
  /** Since the run began. */
  readonly steps: number;
}

export type Outcome = "finished" | "stopped" | "failed";

/** Writes what a run measures in the format of another tool. Each call rejects where the disk does not let it. */
export interface Tracker {
  /** After the run's first `step` steps: of some of them, as many as take little time. */
  step(step: number, scalars: Scalars): Promise<void>;
  /** After each epoch. */
  epoch(epoch: number, scalars: Scalars): Promise<void>;
  end(outcome: Outcome): Promise<void>;
}

/** The values that are numbers: of the formats only CSV has a place for none. */
export function numbersOf(scalars: Scalars): [name: string, value: number][] {
  return Object.entries(scalars).filter((entry): entry is [string, number] => Number.isFinite(entry[1]));
}
