import { setTimeout as sleep } from "node:timers/promises";

import type { AptsError } from "../errors.js";
import { CommunicatorClosedError } from "../errors.js";
import type { Locality } from "./algorithms.js";
import type { CallLog } from "./call-log.js";
import { Incoming, Outgoing } from "./channel.js";
import {
  describeActivity,
  differingMessage,
  errorOf,
  lateMessage,
  lostMessage,
  reportedError,
  type Abort,
} from "./failures.js";
import { Refusals, type CommunicationLog } from "./log.js";
import type { ReadMemory } from "./segment.js";
import { segmentLength } from "./segment.js";
import { SendBuffers } from "./send-buffers.js";
import type { Sharing } from "./shared/sharing.js";
import { decodeSignature, describeCall } from "./signature.js";
import type { Receiver, Transport } from "./transport/transport.js";
import { Waits, type Purpose, type Wait } from "./waits.js";
import {
  COLLECTIVE,
  creditOf,
  joined,
  Kind,
  newHead,
  parseFrame,
  payloadOf,
  Word,
  word,
  type Frame,
  type JobWords,
} from "./wire.js";

interface Peer {
  readonly incoming: Map<number, Incoming>;
  readonly outgoing: Map<number, Outgoing>;
  heard: number;
  /** Something was exchanged with it. */
  known: boolean;
  /** It has said goodbye: nothing more will come. */
  left: boolean;
  /** It has answered this rank's goodbye: it has received all that was sent. */
  tookLeave: boolean;
}

export interface EndpointOptions {
  readonly job: JobWords;
  readonly timeoutSeconds: number;
  readonly log: CommunicationLog;
  /** How to take payloads from the memory of peers on this host, where that is possible. */
  readonly sharing?: Sharing | undefined;
}

const LEFT = "closed its communicator and left";

/** How long a rank that closes waits for the others to take leave. */
const LEAVE_MS = 2000;

/** How long a rank that failed stays, for its report to reach the others. */
const REPORT_MS = 100;

/** How long a process that ends waits for last words to peers that may have ended too. */
const LINGER_MS = 100;

/**
 * One rank's side of all communication in a job: sorts frames into channels, watches every wait, and decides what
 * ends the job. The first failure, seen here or reported by another rank, is final: it rejects every call in
 * progress, is told to all other ranks, and closes the links.
 */
export class Endpoint implements Receiver {
  readonly buffers = new SendBuffers();
  readonly traffic = { bytesSent: 0, bytesReceived: 0, messagesSent: 0 };
  readonly rank: number;
  readonly size: number;
  readonly job: JobWords;
  readonly timeoutMs: number;
  /** Next free context number; a group of ranks agrees on the largest of theirs. */
  nextContext = 1;

  readonly #peers: Peer[];
  readonly #logs = new Map<number, CallLog>();
  readonly #refusals: Refusals;
  readonly #sharing: Sharing | undefined;
  readonly #waits = new Waits({
    late: (wait) => {
      const { heard } = this.#peers[wait.peer]!;
      this.#abort({ kind: "timeout", message: lateMessage(this.rank, wait, this.timeoutMs, heard) });
    },
    slow: (wait) => {
      this.#remind(wait);
    },
  });
  #failure: AptsError | undefined;
  #failureSeen = false;
  #state: "open" | "leaving" | "closed" = "open";
  #closing: Promise<void> | undefined;
  #allTookLeave: (() => void) | undefined;

  constructor(
    private readonly transport: Transport,
    options: EndpointOptions,
  ) {
    this.rank = transport.rank;
    this.size = transport.size;
    this.job = options.job;
    this.timeoutMs = options.timeoutSeconds * 1000;
    this.#sharing = options.sharing;
    this.#refusals = new Refusals(options.log, `Rank ${this.rank}`);
    this.#peers = Array.from({ length: this.size }, () => ({
      incoming: new Map<number, Incoming>(),
      outgoing: new Map<number, Outgoing>(),
      heard: performance.now(),
      known: false,
      left: false,
      tookLeave: false,
    }));
    transport.start(this);
    // Every rank is watched by its left neighbour, so that a death is noticed even where nobody waits.
    if (this.size > 1) this.#greet((this.rank + 1) % this.size);
  }

  incoming(from: number, context: number, tag: number): Incoming {
    const { incoming } = this.#peers[from]!;
    const key = channelKey(context, tag);
    let channel = incoming.get(key);
    if (channel === undefined) {
      channel = new Incoming(this, from, context, tag);
      incoming.set(key, channel);
    }
    return channel;
  }

  outgoing(to: number, context: number, tag: number): Outgoing {
    const { outgoing } = this.#peers[to]!;
    const key = channelKey(context, tag);
    let channel = outgoing.get(key);
    if (channel === undefined) {
      channel = new Outgoing(this, to);
      outgoing.set(key, channel);
    }
    return channel;
  }

  /** Lets arriving heads of `context` be compared with this rank's calls. */
  follow(context: number, log: CallLog): void {
    this.#logs.set(context, log);
  }

  /** Lets go of what belongs to a group that is closed. */
  forget(context: number): void {
    this.#logs.delete(context);
    for (const { incoming, outgoing } of this.#peers) {
      for (const channels of [incoming, outgoing]) {
        for (const key of channels.keys()) if (contextOf(key) === context) channels.delete(key);
      }
    }
  }

  /** Hands a frame to the link to `to`. A head alone may be written again afterwards. */
  post(to: number, head: Buffer, body?: Uint8Array): void {
    if (this.#state === "closed") return;
    if (to === this.rank) {
      const copy = Buffer.from(head);
      queueMicrotask(() => {
        this.frame(copy, body && Buffer.from(body.buffer, body.byteOffset, body.byteLength));
      });
      return;
    }
    if (!this.#peers[to]!.known) this.#greet(to);
    this.transport.post(to, head, body);
  }

  countSent(bytes: number): void {
    this.traffic.bytesSent += bytes;
    this.traffic.messagesSent++;
  }

  /** What `members` have in common; all of them find the same. */
  localityOf(members: readonly number[]): Locality {
    if (!this.transport.onOneHost(members)) return "network";
    const sharing = this.#sharing;
    const shared =
      sharing !== undefined && members.every((rank) => rank === this.rank || sharing.mayShare(rank));
    return shared ? "memory" : "host";
  }

  /** Whether `peer` has shown that it can read this rank's memory. */
  sharesMemoryWith(peer: number): boolean {
    return this.#sharing?.canBeReadBy(peer) ?? false;
  }

  spanOf(payload: Uint8Array): Buffer {
    return this.#sharing!.spanOf(payload);
  }

  /** Reads memory of `peer`; that fails when its process is gone, and then the peer is lost. */
  memoryOf(peer: number, purpose: Purpose): ReadMemory {
    return (address, into) => {
      try {
        this.#sharing!.read(peer, address, into);
      } catch (error) {
        throw this.#lose(peer, `is gone: its memory cannot be read (${(error as Error).message})`, {
          peer,
          purpose,
        });
      }
    };
  }

  /** Waits for `peer`; `begin` receives what settles the wait. Rejects on failure, loss and deadline. */
  wait<T>(peer: number, purpose: Purpose, begin: (settle: (value: T) => void) => void): Promise<T> {
    if (this.#peers[peer]!.left) {
      this.#failureSeen = true;
      return Promise.reject(this.#lose(peer, LEFT, { peer, purpose }));
    }
    return this.#waits.begin(peer, purpose, begin);
  }

  /** Throws what ended communication: its cause to the first call that meets it, then that it is closed. */
  throwIfFailed(): void {
    if (this.#failure !== undefined) {
      if (this.#failureSeen) {
        throw new CommunicatorClosedError(
          `Expected an open communicator, but rank ${this.rank}'s was closed by an earlier error: ${this.#failure.message}`,
          { cause: this.#failure },
        );
      }
      this.#failureSeen = true;
      throw this.#failure;
    }
    if (this.#closing !== undefined) {
      throw new CommunicatorClosedError(
        `Expected an open communicator, but rank ${this.rank} has closed it.`,
      );
    }
  }

  // ── what the transport delivers ──────────────────────────────────────────────────────────────────────────────

  frame(head: Buffer, body: Buffer | undefined): void {
    if (this.#state === "closed") return;
    const frame = parseFrame(head, body, this.job);
    const from = frame === undefined ? -1 : word(frame.head, Word.from);
    const peer = this.#peers[from];
    if (frame === undefined || peer === undefined) {
      this.#refusals.report("a message that no rank of this job run wrote");
      return;
    }
    peer.heard = performance.now();
    if (!peer.known) this.#greet(from);
    if (this.#state === "open") this.#dispatch(from, peer, frame);
    else this.#leaving(from, peer, word(frame.head, Word.kind) as Kind);
  }

  #dispatch(from: number, peer: Peer, frame: Frame): void {
    const { head } = frame;
    const context = word(head, Word.context);
    const tag = word(head, Word.tag);
    switch (word(head, Word.kind) as Kind) {
      case Kind.data:
        this.traffic.bytesReceived += segmentLength(frame);
        if (tag !== COLLECTIVE || this.#compare(from, head)) this.incoming(from, context, tag).arrived(frame);
        return;
      case Kind.credit:
        this.outgoing(from, context, tag).credited(creditOf(head));
        return;
      case Kind.waiting:
        this.#compare(from, head);
        return;
      case Kind.hello:
        if (this.#sharing?.accepts(from, payloadOf(frame)) === true) this.#control(from, Kind.readable);
        return;
      case Kind.readable:
        this.#sharing?.addReader(from);
        return;
      case Kind.abort:
        this.#fail(
          reportedError(
            JSON.parse(payloadOf(frame).toString()) as Abort,
            from,
            describeActivity(this.rank, this.#waits.oldest()),
          ),
        );
        return;
      case Kind.farewell:
        return; // answers a goodbye, and this rank has said none
      case Kind.goodbye: {
        peer.left = true;
        this.#control(from, Kind.farewell);
        const waiting = this.#waits.oldest(from);
        if (waiting !== undefined) this.#lose(from, LEFT, waiting);
        return;
      }
    }
  }

  lost(peer: number, reason: string): void {
    if (this.#state === "leaving") {
      this.#peers[peer]!.left = true;
      this.#checkLeave();
    } else if (!this.#peers[peer]!.left && this.#state === "open") this.#lose(peer, reason);
  }

  /** Whether `head` may be true of a call this rank has made too; fails where it cannot. */
  #compare(from: number, head: Buffer): boolean {
    const log = this.#logs.get(word(head, Word.context));
    if (log?.compare(head) !== "differs") return true;
    this.differing(from, head, log.describe(word(head, Word.sequence)));
    return false;
  }

  // ── failing and closing ──────────────────────────────────────────────────────────────────────────────────────

  /** Two ranks disagree about a message or a call: ends communication everywhere with one message. */
  mismatch(message: string): AptsError {
    return this.#abort({ kind: "mismatch", message });
  }

  /** A mismatch between the call a head tells of and one of this rank. */
  differing(from: number, head: Buffer, mine: string): AptsError {
    const theirs = describeCall(decodeSignature(head, Word.signature), word(head, Word.sequence));
    return this.mismatch(differingMessage(this.rank, mine, from, theirs));
  }

  /** This rank cannot go on with a collective: the others learn why. */
  fault(reason: string): void {
    this.#abort({ kind: "lost", message: `Rank ${this.rank} ${reason}` });
  }

  #lose(
    peer: number,
    reason: string,
    wait: Pick<Wait, "peer" | "purpose"> | undefined = this.#waits.oldest(),
  ): AptsError {
    const message = lostMessage(peer, reason, this.#peers[peer]!.heard);
    return this.#abort({ kind: "lost", message, lost: peer }, wait);
  }

  /** Ends communication and tells the others why: this rank is the first to know. */
  #abort(abort: Abort, wait?: Pick<Wait, "peer" | "purpose">): AptsError {
    const frame = joined(newHead(Kind.abort, this.job, this.rank), Buffer.from(JSON.stringify(abort)));
    for (const [to, { left }] of this.#peers.entries()) {
      if (to !== this.rank && to !== abort.lost && !left) this.post(to, frame);
    }
    return this.#fail(errorOf(abort, describeActivity(this.rank, wait)));
  }

  #fail(error: AptsError): AptsError {
    if (this.#state !== "open") return this.#failure ?? error;
    this.#failure = error;
    this.#state = "closed";
    if (this.#waits.rejectAll(() => error) > 0) this.#failureSeen = true;
    this.#closing = sleep(REPORT_MS).then(() => this.transport.close(LINGER_MS));
    return error;
  }

  /** Marks the failure as thrown to the caller; what is called next is told that the communicator is closed. */
  markSeen(): void {
    this.#failureSeen = this.#failure !== undefined;
  }

  /** Takes leave of everyone who may know this rank, so that all it sent has arrived, and lets go of the links. */
  async close(): Promise<void> {
    this.#closing ??= this.#leave();
    await this.#closing;
  }

  async #leave(): Promise<void> {
    this.#state = "leaving";
    this.#waits.rejectAll(({ purpose }) => {
      const call = purpose.describe();
      return new CommunicatorClosedError(`Rank ${this.rank} closed its communicator during ${call}.`);
    });
    const watcher = (this.rank + this.size - 1) % this.size;
    for (const [to, peer] of this.#peers.entries()) {
      if (to === this.rank || (!peer.known && to !== watcher)) peer.left = true;
      if (!peer.left) this.#control(to, Kind.goodbye);
    }
    const takenLeave = new Promise<void>((resolve) => (this.#allTookLeave = resolve));
    const patience = new AbortController();
    this.#checkLeave();
    await Promise.race([
      takenLeave,
      sleep(LEAVE_MS, undefined, { signal: patience.signal }).catch(() => undefined),
    ]);
    patience.abort();
    this.#state = "closed";
    await this.transport.close(LINGER_MS);
  }

  /** What still matters to a rank that is leaving. */
  #leaving(from: number, peer: Peer, kind: Kind): void {
    if (kind === Kind.farewell) peer.tookLeave = true;
    if (kind !== Kind.goodbye) {
      this.#checkLeave();
      return;
    }
    peer.left = true;
    this.#control(from, Kind.farewell);
    this.#checkLeave();
  }

  #checkLeave(): void {
    if (this.#peers.every(({ left, tookLeave }) => left || tookLeave)) this.#allTookLeave?.();
  }

  /** The first word to a peer: who is there, and where its memory can be tried. */
  #greet(to: number): void {
    this.#peers[to]!.known = true;
    const hello = newHead(Kind.hello, this.job, this.rank);
    const offer = this.#sharing?.offerTo(to);
    this.transport.post(to, offer === undefined ? hello : joined(hello, offer));
  }

  #control(to: number, kind: Kind): void {
    this.post(to, newHead(kind, this.job, this.rank));
  }

  /** Tells the awaited peer so: that opens a link to it, which shows if it is dead, and lets it compare calls. */
  #remind({ peer, purpose: { notice } }: Wait): void {
    if (peer === this.rank) return;
    if (notice === undefined) this.#control(peer, Kind.hello);
    else this.post(peer, notice);
  }
}

/** One number for (context, tag); tags start at COLLECTIVE = −1. */
function channelKey(context: number, tag: number): number {
  return context * 2 ** 31 + (tag - COLLECTIVE);
}

function contextOf(key: number): number {
  return Math.floor(key / 2 ** 31);
}
