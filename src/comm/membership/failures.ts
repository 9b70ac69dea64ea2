import type { AptsError } from "../../errors.js";
import { CollectiveMismatchError, CommunicationTimeoutError, PeerLostError } from "../../errors.js";
import type { Wait } from "./waits.js";

/** A failure as the rank that saw it first tells the others. */
export interface Abort {
  readonly kind: "mismatch" | "lost" | "timeout";
  readonly message: string;
  /** The rank that was lost. */
  readonly lost?: number;
  /** It took no leave: its process has died, or hangs. */
  readonly silent?: boolean;
  /** Who reports it; undefined on the rank that saw it itself. */
  readonly reporter?: number;
}

/** The error for a call that `activity` describes. */
export function errorOf({ kind, message, reporter, lost, silent }: Abort, activity: string): AptsError {
  const source = reporter === undefined ? "" : `, reports rank ${reporter}`;
  switch (kind) {
    case "mismatch":
      return new CollectiveMismatchError(message);
    case "lost":
      return new PeerLostError(`${message}${source}${activity}.`, silent ? lost : undefined);
    case "timeout":
      return reporter === undefined
        ? new CommunicationTimeoutError(message)
        : new PeerLostError(`Rank ${reporter} gave up${activity}: ${message}`);
  }
}

/** ", while rank 0 waits for rank 1 in allreduce #12 (…)" */
export function describeWait(rank: number, { peer, purpose }: Pick<Wait, "peer" | "purpose">): string {
  return `, while rank ${rank} waits for rank ${peer} in ${purpose.describe()}`;
}

export function lateMessage(rank: number, wait: Wait, deadlineMs: number, heard: number): string {
  const now = performance.now();
  return (
    `Rank ${rank} waited ${seconds(now - wait.since)} s for rank ${wait.peer} in ${wait.purpose.describe()} ` +
    `and gave up at the deadline of ${deadlineMs / 1000} s; rank ${wait.peer} was last heard of ` +
    `${seconds(now - heard)} s ago. If it only needs longer, raise --timeout.`
  );
}

export function lostMessage(peer: number, reason: string, heard: number): string {
  return `Rank ${peer} ${reason}, last heard of ${seconds(performance.now() - heard)} s ago`;
}

/** Two calls that should be one, the lower rank's first. */
export function differingMessage(rank: number, mine: string, other: number, theirs: string): string {
  const sides = [`rank ${rank} called ${mine}`, `rank ${other} called ${theirs}`];
  if (other < rank) sides.reverse();
  return `Expected all ranks of a group to make the same calls in the same order, but ${sides.join(" where ")}.`;
}

function seconds(milliseconds: number): string {
  return (milliseconds / 1000).toFixed(1);
}
