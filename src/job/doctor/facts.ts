import type { gatherFacts } from "./gather.js";

/** What one host has and allows, as found on it. */
export type HostFacts = Awaited<ReturnType<typeof gatherFacts>>;

/** Whether one host could open a connection to a port of another. */
export interface Reach {
  readonly from: number;
  readonly to: number;
  readonly address: string;
  readonly error?: string | undefined;
}

/** What was measured between two hosts. */
export interface PairFacts {
  readonly from: number;
  readonly to: number;
  readonly roundTripSeconds: number;
  readonly bytesPerSecond: number;
  /** How far the clock of `to` is ahead, in seconds. */
  readonly clockOffset: number;
}

/** What a rank of `apts doctor` reports. */
export type DoctorEvent =
  | { readonly type: "facts"; readonly facts: HostFacts }
  | { readonly type: "reach"; readonly reach: Reach }
  | { readonly type: "pair"; readonly pair: PairFacts }
  | { readonly type: "trouble"; readonly message: string };

/** All that is known of the hosts of a job. */
export interface Examination {
  /** As the user names them. */
  readonly hosts: readonly string[];
  /** By host; undefined where it could not be examined. */
  readonly facts: readonly (HostFacts | undefined)[];
  /** Hosts no rank could be started on, and why. */
  readonly unreached: readonly { readonly host: string; readonly message: string }[];
  readonly reach: readonly Reach[];
  readonly pairs: readonly PairFacts[];
  /** What kept ranks from talking to each other. */
  readonly troubles: readonly { readonly rank: number; readonly message: string }[];
}
