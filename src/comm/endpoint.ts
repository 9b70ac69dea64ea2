import type { AptsError } from "../errors.js";
import {
  CollectiveMismatchError,
  CommunicationTimeoutError,
  CommunicatorClosedError,
  PeerLostError,
} from "../errors.js";
import type { CallLog } from "./call-log.js";
import { Refusals, type CommunicationLog } from "./log.js";
import { Incoming, Outgoing } from "./channel.js";
import { decodeSignature, describeCall } from "./signature.js";
import type { Receiver, Transport } from "./transport/transport.js";
import {
  bytesOf,
  COLLECTIVE,
  creditOf,
  joined,
  Kind,
  newHeader,
  parseFrame,
  Word,
  type Frame,
} from "./wire.js";

/** Why a call waits: for messages and deadlines. */
export interface Purpose {
  /** "allreduce #12 (10 float32, sum)" */
  describe(): string;
  /** `performance.now()` at which the call gives up. */
  readonly deadline: number;
  /** A header of kind `waiting` that tells the awaited peer which call this is, where the call is a collective. */
  readonly notice: Int32Array | undefined;
}

interface Wait {
  readonly peer: number;
  readonly purpose: Purpose;
  readonly since: number;
  reject(error: Error): void;
  settled: boolean;
  noticed: number;
}

interface Peer {
  readonly incoming: Map<number, Incoming>;
  readonly outgoing: Map<number, Outgoing>;
  heard: number;
  /** Something was exchanged with it. */
  known: boolean;
  /** It has said goodbye: nothing more will come. */
  left: boolean;
}

interface AbortMessage {
  readonly kind: "mismatch" | "lost" | "timeout";
  readonly message: string;
  readonly lost?: number | undefined;
}

export interface EndpointOptions {
  readonly job: readonly [number, number];
  readonly timeoutSeconds: number;
  readonly log: CommunicationLog;
}

const TICK_MS = 100;
const NOTICE_MS = 1000;
const LINGER_MS = 2000;

/**
 * One rank's side of all communication in a job: sorts frames into channels, watches every wait, and decides what
 * ends the job. The first failure, seen here or reported by another rank, is final: it rejects every call in
 * progress, is told to all other ranks, and closes the links.
 */
export class Endpoint implements Receiver {
  readonly traffic = { bytesSent: 0, bytesReceived: 0, messagesSent: 0 };
  readonly rank: number;
  readonly size: number;
  readonly job: readonly [number, number];
  readonly timeoutMs: number;
  /** Next free context number; a group of ranks agrees on the largest of theirs. */
  nextContext = 1;

  readonly #peers: Peer[];
  readonly #waits = new Set<Wait>();
  readonly #logs = new Map<number, CallLog>();
  readonly #refusals: Refusals;
  #ticker: NodeJS.Timeout | undefined;
  #failure: AptsError | undefined;
  #failureSeen = false;
  #closing: Promise<void> | undefined;

  constructor(
    private readonly transport: Transport,
    options: EndpointOptions,
  ) {
    this.rank = transport.rank;
    this.size = transport.size;
    this.job = options.job;
    this.timeoutMs = options.timeoutSeconds * 1000;
    this.#refusals = new Refusals(options.log, `Rank ${this.rank}`);
    this.#peers = Array.from({ length: this.size }, () => ({
      incoming: new Map<number, Incoming>(),
      outgoing: new Map<number, Outgoing>(),
      heard: performance.now(),
      known: false,
      left: false,
    }));
    transport.start(this);
    // Every rank is watched by its left neighbour, so that a death is noticed even where nobody waits.
    if (this.size > 1) this.#postControl((this.rank + 1) % this.size, Kind.hello);
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

  /** Lets arriving headers of `context` be compared with this rank's calls. */
  follow(context: number, log: CallLog): void {
    this.#logs.set(context, log);
  }

  post(to: number, head: Uint8Array, body?: Uint8Array): void {
    if (this.#closing !== undefined) return;
    this.#peers[to]!.known = true;
    if (to !== this.rank) this.transport.post(to, head, body);
    else {
      queueMicrotask(() => {
        this.frame(head, body);
      });
    }
  }

  postData(to: number, head: Uint8Array, body: Uint8Array | undefined, payloadBytes: number): void {
    this.traffic.bytesSent += payloadBytes;
    this.traffic.messagesSent++;
    this.post(to, head, body);
  }

  /** Waits for `peer`; `begin` receives what settles the wait. Rejects on failure, loss and deadline. */
  wait<T>(peer: number, purpose: Purpose, begin: (waiter: { settle(value: T): void }) => void): Promise<T> {
    if (this.#peers[peer]!.left) return Promise.reject(this.#fail(this.#gone(peer, purpose)));
    return new Promise<T>((resolve, reject) => {
      const wait: Wait = { peer, purpose, since: performance.now(), reject, settled: false, noticed: 0 };
      this.#waits.add(wait);
      this.#ticker ??= setInterval(() => {
        this.#tick();
      }, TICK_MS);
      begin({
        settle: (value) => {
          wait.settled = true;
          this.#waits.delete(wait);
          resolve(value);
        },
      });
    });
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

  /** Two ranks disagree about a message or a call: ends communication everywhere with one message. */
  mismatch(message: string): AptsError {
    return this.#fail(new CollectiveMismatchError(message), { kind: "mismatch", message });
  }

  // ── what the transport delivers ──────────────────────────────────────────────────────────────────────────────

  frame(head: Uint8Array, body: Uint8Array | undefined): void {
    const frame = parseFrame(head, body, this.job);
    const from = frame?.header[Word.from] ?? -1;
    const peer = this.#peers[from];
    if (frame === undefined || peer === undefined) {
      this.#refusals.report("a message that no rank of this job run wrote");
      return;
    }
    peer.heard = performance.now();
    peer.known = true;
    const context = frame.header[Word.context]!;
    const tag = frame.header[Word.tag]!;
    switch (frame.header[Word.kind] as Kind) {
      case Kind.hello:
        return;
      case Kind.data:
        this.#data(from, context, tag, frame);
        return;
      case Kind.credit:
        this.outgoing(from, context, tag).credited(creditOf(frame.header));
        return;
      case Kind.waiting:
        this.#compare(from, frame.header);
        return;
      case Kind.abort:
        this.#aborted(from, JSON.parse(Buffer.from(frame.body).toString()) as AbortMessage);
        return;
      case Kind.goodbye:
        peer.left = true;
        for (const wait of this.#waits) if (wait.peer === from) this.#fail(this.#gone(from, wait.purpose));
        return;
    }
  }

  lost(peer: number, reason: string): void {
    if (this.#peers[peer]!.left || this.#closing !== undefined) return;
    const quiet = ((performance.now() - this.#peers[peer]!.heard) / 1000).toFixed(1);
    const what = `Rank ${peer} ${reason}, last heard of ${quiet} s ago`;
    this.#fail(new PeerLostError(`${what}${this.#activity()}.`), { kind: "lost", message: what, lost: peer });
  }

  #data(from: number, context: number, tag: number, frame: Frame): void {
    this.traffic.bytesReceived += frame.body.byteLength;
    if (tag === COLLECTIVE && !this.#compare(from, frame.header)) return;
    this.incoming(from, context, tag).arrived(frame);
  }

  /** Whether `header` may be true of a call this rank has made too; fails where it cannot. */
  #compare(from: number, header: Int32Array): boolean {
    const log = this.#logs.get(header[Word.context]!);
    if (log?.compare(header) !== "differs") return true;
    this.differing(from, header, log.describe(header[Word.sequence]!));
    return false;
  }

  /** Fails with a message that names both calls, the lower rank's first. */
  differing(from: number, header: Int32Array, mine: string): AptsError {
    const theirs = describeCall(decodeSignature(header, Word.signature), header[Word.sequence]!);
    const sides = [`rank ${this.rank} called ${mine}`, `rank ${from} called ${theirs}`];
    if (from < this.rank) sides.reverse();
    return this.mismatch(
      `Expected all ranks of a group to make the same calls in the same order, but ${sides.join(" where ")}.`,
    );
  }

  #aborted(from: number, abort: AbortMessage): void {
    const reported = `, reports rank ${from}${this.#activity()}.`;
    switch (abort.kind) {
      case "mismatch":
        this.#fail(new CollectiveMismatchError(abort.message), abort, from);
        return;
      case "lost":
        this.#fail(new PeerLostError(`${abort.message}${reported}`), abort, from);
        return;
      case "timeout":
        this.#fail(new PeerLostError(`Rank ${from} gave up: ${abort.message}`), abort, from);
        return;
    }
  }

  // ── failing and closing ──────────────────────────────────────────────────────────────────────────────────────

  #tick(): void {
    if (this.#waits.size === 0) {
      clearInterval(this.#ticker);
      this.#ticker = undefined;
      return;
    }
    const now = performance.now();
    for (const wait of this.#waits) {
      if (now >= wait.purpose.deadline) {
        const message = this.#late(wait, now);
        this.#fail(new CommunicationTimeoutError(message), { kind: "timeout", message });
        return;
      }
      if (now - wait.since >= TICK_MS && now - wait.noticed >= NOTICE_MS) {
        wait.noticed = now;
        if (wait.peer !== this.rank) this.#notify(wait);
      }
    }
  }

  /** Tells the awaited peer so: that opens a link to it, which shows if it is dead, and lets it compare calls. */
  #notify(wait: Wait): void {
    const { notice } = wait.purpose;
    if (notice === undefined) this.#postControl(wait.peer, Kind.hello);
    else this.post(wait.peer, bytesOf(notice.slice()));
  }

  #postControl(to: number, kind: Kind): void {
    this.post(to, bytesOf(newHeader(kind, this.job, this.rank)));
  }

  #late(wait: Wait, now: number): string {
    const waited = ((now - wait.since) / 1000).toFixed(1);
    const quiet = ((now - this.#peers[wait.peer]!.heard) / 1000).toFixed(1);
    return (
      `Rank ${this.rank} waited ${waited} s for rank ${wait.peer} in ${wait.purpose.describe()} and gave up at the ` +
      `deadline of ${this.timeoutMs / 1000} s; rank ${wait.peer} was last heard of ${quiet} s ago. ` +
      `If it only needs longer, raise --timeout.`
    );
  }

  #gone(peer: number, purpose: Purpose): PeerLostError {
    return new PeerLostError(
      `Rank ${peer} closed its communicator and left while rank ${this.rank} waits for it in ${purpose.describe()}.`,
    );
  }

  /** ", while rank 0 waits for rank 1 in allreduce #12 (…)" */
  #activity(): string {
    const wait = this.#waits.values().next().value;
    if (wait === undefined) return "";
    return `, while rank ${this.rank} waits for rank ${wait.peer} in ${wait.purpose.describe()}`;
  }

  #fail(error: AptsError, abort?: AbortMessage, reportedBy?: number): AptsError {
    if (this.#failure !== undefined || this.#closing !== undefined) return this.#failure ?? error;
    this.#failure = error;
    const message = abort ?? { kind: "lost", message: error.message };
    if (reportedBy === undefined) {
      const body = Buffer.from(JSON.stringify(message));
      for (let to = 0; to < this.size; to++) {
        const gone = to === this.rank || to === message.lost || this.#peers[to]!.left;
        if (!gone) this.post(to, joined(newHeader(Kind.abort, this.job, this.rank), body));
      }
    }
    const waits = [...this.#waits];
    this.#waits.clear();
    for (const wait of waits) {
      this.#failureSeen = true;
      wait.reject(error);
    }
    this.#shutDown();
    return error;
  }

  /** Says goodbye to everyone who may know this rank, and lets go of the links once that has left. */
  async close(): Promise<void> {
    if (this.#closing === undefined) {
      for (let to = 0; to < this.size; to++) {
        const { known, left } = this.#peers[to]!;
        const watches = to === (this.rank + this.size - 1) % this.size;
        if (to !== this.rank && !left && (known || watches)) this.#postControl(to, Kind.goodbye);
      }
      for (const wait of this.#waits) {
        wait.reject(
          new CommunicatorClosedError(
            `Rank ${this.rank} closed its communicator during ${wait.purpose.describe()}.`,
          ),
        );
      }
      this.#waits.clear();
      this.#shutDown();
    }
    await this.#closing;
  }

  #shutDown(): void {
    clearInterval(this.#ticker);
    this.#ticker = undefined;
    this.#closing = this.transport.close(LINGER_MS);
  }
}

/** One number for (context, tag); tags start at COLLECTIVE = −1. */
function channelKey(context: number, tag: number): number {
  return context * 2 ** 31 + (tag - COLLECTIVE);
}
