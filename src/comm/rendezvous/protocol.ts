/*
 * What ranks and the rendezvous say to each other: one JSON message from each rank, one answer to it.
 */

import type { InboxAddress } from "../transport/zeromq.js";

/** Changes with the header or the messages below: ranks of different versions must not meet. */
export const PROTOCOL = 1;

export interface Registration {
  readonly protocol: number;
  readonly jobId: string;
  readonly rank: number;
  readonly size: number;
  readonly peer: PeerAddress;
}

/** Where a rank can be reached, and what process it is. */
export interface PeerAddress extends InboxAddress {
  readonly hostName: string;
  readonly pid: number;
  /** It can read the memory of processes beside it, and lets them read its own. */
  readonly sharesMemory: boolean;
}

export type Answer =
  | { readonly type: "table"; readonly peers: readonly PeerAddress[] }
  | { readonly type: "refused"; readonly message: string };

/** A registration in `bytes`, or undefined where they are anything else. */
export function parseRegistration(bytes: Uint8Array): Registration | undefined {
  try {
    const value = JSON.parse(Buffer.from(bytes).toString()) as Partial<Registration> | null;
    const whole =
      typeof value?.protocol === "number" &&
      typeof value.jobId === "string" &&
      Number.isInteger(value.rank) &&
      Number.isInteger(value.size) &&
      typeof value.peer?.tcp === "string" &&
      typeof value.peer.ipc === "string";
    return whole ? (value as Registration) : undefined;
  } catch {
    return undefined;
  }
}
