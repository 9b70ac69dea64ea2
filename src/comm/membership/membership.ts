import { setTimeout as sleep } from "node:timers/promises";

import type { AptsError } from "../../errors.js";
import { CommunicatorClosedError } from "../../errors.js";
import type { ReadMemory, Sharing } from "../transport/shared-memory/sharing.js";
import type { Transport } from "../transport/transport.js";
import {
  joined,
  Kind,
  newHead,
  payloadOf,
  type ControlKind,
  type Frame,
  type JobWords,
} from "../transport/wire.js";
import { Departure } from "./departure.js";
import { Ending } from "./ending.js";
import { describeWait, lateMessage, lostMessage, type Abort } from "./failures.js";
import { Waits, type Purpose, type Wait } from "./waits.js";

interface Peer {
  /** When it was last heard of. */
  heard: number;
  /** Something was exchanged with it. */
  known: boolean;
  /** It has said goodbye: nothing more will come. */
  left: boolean;
}

/** What is still to be read of a peer's memory, and by a peer of this rank's. */
interface LentMemory {
  fetch(peer: number, read: ReadMemory): void;
  lendsTo(peer: number): boolean;
}

interface MembershipOptions {
  readonly job: JobWords;
  readonly timeoutMs: number;
  readonly lent: LentMemory;
  readonly sharing: Sharing | undefined;
}

const LEFT = "closed its communicator and left";

/** How long a rank that failed stays, for its report to reach the others. */
const REPORT_MS = 100;

/** How long a process that ends waits for last words to peers that may have ended too. */
const LINGER_MS = 100;

/**
 * Who takes part, as one rank sees it: greets peers, watches every wait for them, and decides what ends communication.
 * The first failure, seen here or reported by another rank, is final: it rejects every call in progress, is told to
 * all other ranks, and closes the links.
 */
export class Membership {
  readonly #rank: number;
  readonly #peers: readonly Peer[];
  readonly #ending: Ending;
  readonly #waits = new Waits({
    late: (wait) => {
      const { heard } = this.#peers[wait.peer]!;
      this.abort({ kind: "timeout", message: lateMessage(this.#rank, wait, this.options.timeoutMs, heard) });
    },
    // Telling the awaited peer opens a link to it, which shows if it is dead, and lets it compare calls.
    slow: ({ peer, purpose: { notice } }) => {
      if (peer === this.#rank) return;
      if (notice === undefined) this.#say(peer, Kind.hello);
      else this.post(peer, notice);
    },
  });
  #state: "open" | "leaving" | "closed" = "open";
  #closing: Promise<void> | undefined;
  #departure: Departure | undefined;

  constructor(
    private readonly transport: Transport,
    private readonly options: MembershipOptions,
  ) {
    this.#rank = transport.rank;
    this.#ending = new Ending(this.#rank);
    this.#peers = Array.from({ length: transport.size }, (_, rank) => ({
      heard: performance.now(),
      known: rank === this.#rank,
      left: false,
    }));
  }

  /** Every rank is watched by its left neighbour, so that a death is noticed even where nobody waits. */
  watchNeighbour(): void {
    if (this.transport.size > 1) this.#greet((this.#rank + 1) % this.transport.size);
  }

  get state(): "open" | "leaving" | "closed" {
    return this.#state;
  }

  /** Hands a frame to the link to another rank, which is greeted before. */
  post(to: number, head: Buffer, body?: Uint8Array): void {
    if (this.#state === "closed") return;
    if (!this.#peers[to]!.known) this.#greet(to);
    this.transport.post(to, head, body);
  }

  // ── what a call needs ────────────────────────────────────────────────────────────────────────────────────────

  /** Waits for `peer`; `begin` receives what settles the wait. Rejects on failure, loss and deadline. */
  wait<T>(peer: number, purpose: Purpose, begin: (settle: (value: T) => void) => void): Promise<T> {
    if (this.#peers[peer]!.left) {
      this.lose(peer, LEFT);
      return Promise.reject(this.failureIn({ peer, purpose }));
    }
    return this.#waits.begin(peer, purpose, begin);
  }

  /** Throws what ended communication to a call that needs `peer` next. */
  checkOpen(peer: number, purpose: Purpose): void {
    this.#ending.check(() => describeWait(this.#rank, { peer, purpose }));
  }

  /** Throws what ended communication to a call that begins. */
  checkOpenAt(describe: () => string): void {
    this.#ending.check(() => `, when rank ${this.#rank} called ${describe()}`);
  }

  /** What ended communication, in the words of a call in progress. */
  failureIn(wait?: Pick<Wait, "peer" | "purpose">): AptsError {
    return this.#ending.failureIn(wait === undefined ? "" : describeWait(this.#rank, wait));
  }

  // ── what arrives ─────────────────────────────────────────────────────────────────────────────────────────────

  /** Something came from `from`. */
  heardOf(from: number): void {
    const peer = this.#peers[from]!;
    peer.heard = performance.now();
    if (!peer.known) this.#greet(from);
  }

  /** A frame about `from` itself. */
  control(from: number, kind: ControlKind, frame: Frame): void {
    const { sharing, lent } = this.options;
    switch (kind) {
      case Kind.hello:
        if (sharing?.accepts(from, payloadOf(frame)) === true) this.#say(from, Kind.readable);
        return;
      case Kind.readable:
        sharing?.addReader(from);
        return;
      case Kind.abort:
        this.#fail({ ...(JSON.parse(payloadOf(frame).toString()) as Abort), reporter: from });
        return;
      case Kind.goodbye:
        this.#peers[from]!.left = true;
        if (this.#state === "open") {
          // Its memory goes with it: what was sent there and not read yet is taken first.
          lent.fetch(from, (address, into) => this.fetch(from, address, into));
          if (this.#waits.any(from)) this.lose(from, LEFT);
        }
        this.#say(from, Kind.farewell);
        this.#departure?.confirmed(from);
        return;
      case Kind.farewell:
        this.#departure?.confirmed(from);
        return;
    }
  }

  /** The link to `peer` broke, or never opened. */
  lost(peer: number, reason: string): void {
    const { left } = this.#peers[peer]!;
    this.#departure?.confirmed(peer);
    if (!left) this.lose(peer, reason, true);
  }

  /** Reads memory of `peer`, which is lost where that fails. */
  fetch(peer: number, address: bigint, into: Uint8Array): boolean {
    try {
      this.options.sharing!.read(peer, address, into);
      return true;
    } catch (error) {
      this.lose(peer, `is gone: its memory cannot be read (${(error as Error).message})`);
      return false;
    }
  }

  // ── failing and closing ──────────────────────────────────────────────────────────────────────────────────────

  lose(peer: number, reason: string, silent = false): void {
    const message = lostMessage(peer, reason, this.#peers[peer]!.heard);
    this.abort({ kind: "lost", message, lost: peer, silent });
  }

  /** Ends communication and tells the others why, if this rank is the first to know. */
  abort(abort: Abort): void {
    if (this.#state !== "open") return;
    const frame = joined(
      newHead(Kind.abort, this.options.job, this.#rank),
      Buffer.from(JSON.stringify(abort)),
    );
    for (const [to, { left }] of this.#peers.entries()) {
      if (to !== this.#rank && to !== abort.lost && !left) this.post(to, frame);
    }
    this.#fail(abort);
  }

  #fail(abort: Abort): void {
    if (this.#state !== "open") return;
    this.#state = "closed";
    this.#ending.fail(abort);
    this.#waits.rejectAll((wait) => this.failureIn(wait));
    this.#closing = sleep(REPORT_MS).then(() => this.transport.close(LINGER_MS));
  }

  /** Takes leave of everyone who may know this rank, so that all it sent has arrived, and lets go of the links. */
  async close(): Promise<void> {
    this.#closing ??= this.#leave();
    await this.#closing;
  }

  async #leave(): Promise<void> {
    this.#state = "leaving";
    this.#ending.leave();
    this.#waits.rejectAll(({ purpose }) => {
      const call = purpose.describe();
      return new CommunicatorClosedError(`Rank ${this.#rank} closed its communicator during ${call}.`);
    });
    const { size } = this.transport;
    const watcher = (this.#rank + size - 1) % size;
    const present = [...this.#peers.keys()].filter((rank) => {
      const { known, left } = this.#peers[rank]!;
      return rank !== this.#rank && !left && (known || rank === watcher);
    });
    this.#departure = new Departure(present);
    for (const rank of present) this.#say(rank, Kind.goodbye);
    await this.#departure.complete((rank) => this.options.lent.lendsTo(rank), this.options.timeoutMs);
    this.#state = "closed";
    await this.transport.close(LINGER_MS);
  }

  // ── words to peers ───────────────────────────────────────────────────────────────────────────────────────────

  /** The first word to a peer: who is there, and where its memory can be tried. */
  #greet(to: number): void {
    this.#peers[to]!.known = true;
    const hello = newHead(Kind.hello, this.options.job, this.#rank);
    const offer = this.options.sharing?.offerTo(to);
    this.transport.post(to, offer === undefined ? hello : joined(hello, offer));
  }

  #say(to: number, kind: ControlKind): void {
    this.post(to, newHead(kind, this.options.job, this.#rank));
  }
}
