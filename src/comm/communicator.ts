import type { CallAccount } from "./account.js";
import type { Locality } from "./transport/transport.js";

/** The element types that travel as raw bytes. */
export type NumericArray = Float32Array | Float64Array | Int32Array | Uint8Array;

/**
 * How two contributions become one. A function folds `contribution` into `accumulator` in place; it sees whole vectors, and
 * contributions fold in rank order, so it need not commute. It is slower than the named operations.
 */
export type ReduceOp<T extends NumericArray = NumericArray> =
  "sum" | "mean" | "max" | "min" | ((accumulator: T, contribution: T) => void);

/** What a rank has sent and received since it started, payload bytes only. */
export interface Traffic {
  readonly bytesSent: number;
  readonly bytesReceived: number;
  readonly messagesSent: number;
}

/**
 * A group of ranks that exchange messages: MPI's words and semantics.
 *
 * Every rank of the group calls the same collectives in the same order with the same counts, types and roots;
 * where they do not, all of them get a CollectiveMismatchError at once. A promise resolves when this rank's part
 * is done and every buffer passed in may be written again. Every call has a deadline; errors are PeerLostError,
 * CommunicationTimeoutError, CollectiveMismatchError, CommunicatorClosedError, and any of them closes the
 * communicator. Results never depend on arrival order.
 *
 * `counts` arrays have one entry per rank, in elements; zero is allowed everywhere.
 */
export interface Communicator {
  readonly rank: number;
  readonly size: number;
  /** What all its ranks have in common. */
  readonly locality: Locality;
  readonly traffic: Traffic;
  /** Where this process's time goes that is not computing; groups of it share one. */
  readonly account: CallAccount;

  /** Point to point; messages between two ranks under one tag arrive in order. `tag` ≥ 0. */
  send(to: number, tag: number, data: NumericArray): Promise<void>;
  /** Receives into `into`, whose length and type must match what was sent. */
  recv<T extends NumericArray>(from: number, tag: number, into: T): Promise<T>;
  /** Sends `data` to `to` and receives from `from` into `into`, at once: safe in rings. */
  sendrecv<T extends NumericArray>(
    to: number,
    sendTag: number,
    data: NumericArray,
    from: number,
    recvTag: number,
    into: T,
  ): Promise<T>;

  barrier(): Promise<void>;
  /** Root's `data` overwrites everyone's, in place. */
  broadcast<T extends NumericArray>(data: T, root?: number): Promise<T>;
  /** Root's `all` (Σcounts) is cut in runs of `counts`; each rank's run lands in `mine`. `all` is read on root only. */
  scatterv<T extends NumericArray>(
    all: T | undefined,
    counts: readonly number[],
    mine: T,
    root?: number,
  ): Promise<T>;
  /** Everyone's `mine` lands in root's `all` (Σcounts), in rank order. Others may pass undefined. */
  gatherv<T extends NumericArray>(
    mine: T,
    counts: readonly number[],
    all: T | undefined,
    root?: number,
  ): Promise<void>;
  /** Everyone's `mine` lands in everyone's `all` (Σcounts), in rank order. `mine` may be a view into `all`. */
  allgatherv<T extends NumericArray>(mine: T, counts: readonly number[], all: T): Promise<T>;
  /** Equal counts: `all.length = size · mine.length`. */
  scatter<T extends NumericArray>(all: T | undefined, mine: T, root?: number): Promise<T>;
  gather<T extends NumericArray>(mine: T, all: T | undefined, root?: number): Promise<void>;
  allgather<T extends NumericArray>(mine: T, all: T): Promise<T>;
  /** Root's `data` becomes the reduction of everyone's, in place; others' `data` is left alone. */
  reduce<T extends NumericArray>(data: T, op: ReduceOp<T>, root?: number): Promise<T>;
  /** Everyone's `data` becomes the reduction of everyone's, in place; bit-identical on all ranks. */
  allreduce<T extends NumericArray>(data: T, op: ReduceOp<T>): Promise<T>;
  /** Reduces `data` (Σcounts) and leaves rank r's run of it in `mine` (counts[r]). */
  reduceScatter<T extends NumericArray>(
    data: T,
    op: ReduceOp<T>,
    counts: readonly number[],
    mine: T,
  ): Promise<T>;

  /** Plain values (msgpack): null, booleans, numbers, strings, arrays, plain objects, typed arrays. */
  broadcastObject<V>(value: V | undefined, root?: number): Promise<V>;
  gatherObject<V>(value: V, root?: number): Promise<V[] | undefined>;
  allgatherObject<V>(value: V): Promise<V[]>;

  /** Ranks with one `color` form a new group, ordered by (key, rank). A negative color joins none. */
  split(color: number, key: number): Promise<Communicator | undefined>;
  /**
   * Takes leave of the other ranks, so that what was sent has arrived, and releases every socket; a process that does
   * not close does not end by itself. On a group from `split` it only lets go of the group. Calling it again is harmless.
   */
  close(): Promise<void>;
}
