import type { AptsError } from "../../errors.js";
import { CallAccount } from "../account.js";
import type { Carrier } from "../channels/carrier.js";
import { segmentLength } from "../channels/segment.js";
import { SendBuffers } from "../channels/send-buffers.js";
import { ChannelTable } from "../channels/table.js";
import { Refusals, type CommunicationLog } from "../log.js";
import { differingMessage } from "../membership/failures.js";
import { Membership } from "../membership/membership.js";
import type { Purpose } from "../membership/waits.js";
import type { ReadMemory, Sharing } from "../transport/shared-memory/sharing.js";
import type { Locality, Receiver, Transport } from "../transport/transport.js";
import {
  COLLECTIVE,
  creditOf,
  Kind,
  parseFrame,
  tookOf,
  Word,
  word,
  type Frame,
  type JobWords,
} from "../transport/wire.js";
import type { CallHistory } from "./history.js";
import { describeHead } from "./signature.js";

export interface EndpointOptions {
  readonly job: JobWords;
  readonly timeoutSeconds: number;
  readonly log: CommunicationLog;
  /** How to take payloads from the memory of peers on this host, where that is possible. */
  readonly sharing?: Sharing | undefined;
}

/** One rank's side of all communication in a job: sorts what arrives into channels and compares calls with the peers'. */
export class Endpoint implements Receiver, Carrier {
  readonly rank: number;
  readonly size: number;
  readonly job: JobWords;
  readonly timeoutMs: number;
  readonly buffers = new SendBuffers();
  readonly account = new CallAccount();
  readonly traffic = { bytesSent: 0, bytesReceived: 0, messagesSent: 0 };
  readonly sharing: Sharing | undefined;
  readonly channels: ChannelTable;
  readonly membership: Membership;
  /** Next free context number; a group of ranks agrees on the largest of theirs. */
  nextContext = 1;

  readonly #histories = new Map<number, CallHistory>();
  readonly #refusals: Refusals;

  constructor(
    private readonly transport: Transport,
    { job, timeoutSeconds, log, sharing }: EndpointOptions,
  ) {
    this.rank = transport.rank;
    this.size = transport.size;
    this.job = job;
    this.timeoutMs = timeoutSeconds * 1000;
    this.sharing = sharing;
    this.channels = new ChannelTable(this);
    this.membership = new Membership(transport, {
      job,
      timeoutMs: this.timeoutMs,
      lent: this.channels,
      sharing,
    });
    this.#refusals = new Refusals(log, `Rank ${this.rank}`);
    transport.start(this);
    this.membership.watchNeighbour();
  }

  /** Lets arriving heads of `context` be compared with this rank's calls. */
  follow(context: number, history: CallHistory): void {
    this.#histories.set(context, history);
  }

  /** Lets go of what belongs to a group that is closed. */
  forget(context: number): void {
    this.#histories.delete(context);
    this.channels.forget(context);
  }

  // ── sending ──────────────────────────────────────────────────────────────────────────────────────────────────

  post(to: number, head: Buffer, body?: Uint8Array): void {
    if (to !== this.rank) {
      this.membership.post(to, head, body);
      return;
    }
    const copy = Buffer.from(head);
    queueMicrotask(() => {
      this.frame(copy, body && Buffer.from(body.buffer, body.byteOffset, body.byteLength));
    });
  }

  countSent(bytes: number): void {
    this.traffic.bytesSent += bytes;
    this.traffic.messagesSent++;
  }

  // ── memory of peers ──────────────────────────────────────────────────────────────────────────────────────────

  isLocal(peer: number): boolean {
    return this.transport.onOneHost([this.rank, peer]);
  }

  /** What `members` have in common; all of them find the same. */
  localityOf(members: readonly number[]): Locality {
    if (!this.transport.onOneHost(members)) return "network";
    const { sharing } = this;
    const shared =
      sharing !== undefined && members.every((rank) => rank === this.rank || sharing.mayShare(rank));
    return shared ? "memory" : "host";
  }

  /** Reads memory of `peer` for a call; that fails when its process is gone, and then the peer is lost. */
  memoryOf(peer: number, purpose: Purpose): ReadMemory {
    return (address, into) => {
      if (!this.membership.fetch(peer, address, into)) throw this.membership.failureIn({ peer, purpose });
    };
  }

  // ── what the transport delivers ──────────────────────────────────────────────────────────────────────────────

  frame(head: Buffer, body: Buffer | undefined): void {
    if (this.membership.state === "closed") return;
    const frame = parseFrame(head, body, this.job);
    const from = frame === undefined ? -1 : word(frame.head, Word.from);
    if (frame === undefined || from < 0 || from >= this.size) {
      this.#refusals.report("a message that no rank of this job run wrote");
      return;
    }
    this.membership.heardOf(from);
    this.#sort(from, frame);
  }

  #sort(from: number, frame: Frame): void {
    const { head } = frame;
    const context = word(head, Word.context);
    const tag = word(head, Word.tag);
    const open = this.membership.state === "open";
    const kind = word(head, Word.kind) as Kind;
    switch (kind) {
      case Kind.data:
        if (!open) return;
        this.traffic.bytesReceived += segmentLength(frame);
        if (tag !== COLLECTIVE || this.#compare(from, head))
          this.channels.incoming(from, context, tag).arrived(frame);
        return;
      case Kind.credit:
        this.channels.credited(from, context, tag, creditOf(head), tookOf(head));
        return;
      case Kind.waiting:
        if (open) this.#compare(from, head);
        return;
      case Kind.hello:
      case Kind.readable:
      case Kind.abort:
      case Kind.goodbye:
      case Kind.farewell:
        this.membership.control(from, kind, frame);
    }
  }

  lost(peer: number, reason: string): void {
    this.membership.lost(peer, reason);
  }

  // ── disagreement ─────────────────────────────────────────────────────────────────────────────────────────────

  /** Whether `head` may be true of a call this rank has made too; ends communication where it cannot. */
  #compare(from: number, head: Buffer): boolean {
    const history = this.#histories.get(word(head, Word.context));
    if (history?.compare(head) !== "differs") return true;
    const mine = history.describe(word(head, Word.sequence));
    this.membership.abort({ kind: "mismatch", message: this.#difference(from, head, mine) });
    return false;
  }

  /** Two ranks disagree about a message or a call: ends communication everywhere with one message, for a call to throw. */
  mismatch(message: string): AptsError {
    this.membership.abort({ kind: "mismatch", message });
    return this.membership.failureIn();
  }

  /** A mismatch between the call a head tells of and one of this rank. */
  differing(from: number, head: Buffer, mine: string): AptsError {
    return this.mismatch(this.#difference(from, head, mine));
  }

  #difference(from: number, head: Buffer, mine: string): string {
    return differingMessage(this.rank, mine, from, describeHead(head));
  }
}
