/** What the ranks of a group have in common: each other's memory, a machine, or only a network. */
export type Locality = "memory" | "host" | "network";

/**
 * What carries frames from rank to rank. Frames between two ranks arrive in order and whole, or the peer is lost;
 * nothing is promised about frames of different ranks. Flow control, deadlines and meaning lie above.
 */
export interface Transport {
  readonly rank: number;
  readonly size: number;
  /** Whether all of `ranks` run on one machine. */
  onOneHost(ranks: readonly number[]): boolean;
  /** Begins to deliver. Called once, before anything is posted. */
  start(receiver: Receiver): void;
  /**
   * Hands a frame to the link to `to`, which opens on first use; never waits, never throws. A head of up to 128 bytes
   * is copied; a longer one, and `body`, may be written again only when the peer has reported the frame read.
   */
  post(to: number, head: Buffer, body?: Uint8Array): void;
  /** Releases everything, after what was posted has left or `lingerMs` have passed. Calling it again is harmless. */
  close(lingerMs: number): Promise<void>;
}

export interface Receiver {
  /** A frame came in: one part (header and payload) or two. It may be garbage: check it. */
  frame(head: Buffer, body: Buffer | undefined): void;
  /** The link to `peer` broke, or could not be opened; `reason` continues "Rank 3 …". */
  lost(peer: number, reason: string): void;
}
