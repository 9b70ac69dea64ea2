import type { Outgoing } from "../channels/outgoing.js";
import { copySegment, foldSegment, type Fold } from "../channels/segment.js";
import type { NumericArray } from "../communicator.js";
import type { Purpose } from "../membership/waits.js";
import type { ReadMemory } from "../transport/shared-memory/sharing.js";
import type { Locality } from "../transport/transport.js";
import { bytesOf, COLLECTIVE, Kind, newHead, setWord, Word, word, type Frame } from "../transport/wire.js";
import type { Group } from "./group.js";
import { encodeSignature, type Operation, type Signature } from "./signature.js";

type UseSegment = (frame: Frame, read: ReadMemory, begin: number, end: number) => void;

/** Told after bytes [begin, end) of a message have arrived in place. */
export type OnSegment = (begin: number, end: number) => void;

/**
 * One collective in flight on one rank: point-to-point messages among its ranks, in order per pair, each
 * checked to belong to the same call. All collectives are written against this and nothing below it.
 *
 * `send` does not wait. Short messages are copied; long ones travel from where they are and must keep their values
 * until the receiver has them (which the algorithm knows, or `finish` waits for).
 */
export class Collective implements Purpose {
  readonly rank: number;
  readonly size: number;
  readonly deadline: number;
  readonly notice: Buffer;
  readonly #group: Group;
  readonly #head: Buffer;
  readonly #written = new Set<Outgoing>();
  readonly #operation: Operation;

  constructor(group: Group, signature: Signature) {
    const { endpoint, context, history } = group;
    this.#group = group;
    this.rank = group.rank;
    this.size = group.members.length;
    this.deadline = performance.now() + endpoint.timeoutMs;
    this.notice = newHead(Kind.waiting, endpoint.job, endpoint.rank, context, COLLECTIVE);
    setWord(this.notice, Word.sequence, history.sequence + 1);
    encodeSignature(signature, this.notice);
    history.enter(this.notice);
    this.#head = Buffer.from(this.notice);
    this.#operation = signature.operation;
  }

  describe(): string {
    return this.#group.history.describe(word(this.notice, Word.sequence));
  }

  get locality(): Locality {
    return this.#group.locality;
  }

  /** Sends bytes [begin, end) of the message `data`; parts of one message are sent in order, the last ends it. */
  send(to: number, data: ArrayBufferView, begin?: number, end?: number): void {
    const { endpoint, members, context } = this.#group;
    const channel = endpoint.channels.outgoing(members[to]!, context, COLLECTIVE);
    const message = bytesOf(data);
    channel.send(this.#head, message, begin, end);
    const last = end ?? message.byteLength;
    endpoint.account.sent(this.#operation, last - (begin ?? 0), last === message.byteLength);
    this.#written.add(channel);
  }

  /** Receives the next message from `from` into `into`, which must have its size. */
  receive(from: number, into: ArrayBufferView, onSegment?: OnSegment): Promise<void> {
    const target = bytesOf(into);
    return this.#read(from, target.byteLength, (frame, read, begin, end) => {
      copySegment(frame, read, target, begin);
      onSegment?.(begin, end);
    });
  }

  /** Receives the next message from `from` and folds it into `into`, run by run. */
  receiveFold(from: number, into: NumericArray, fold: Fold, onSegment?: OnSegment): Promise<void> {
    return this.#read(from, into.byteLength, (frame, read, begin, end) => {
      foldSegment(frame, read, into, begin, fold);
      onSegment?.(begin, end);
    });
  }

  /** Receives the next message from `from`, whose size only the sender knows. */
  async receiveUnsized(from: number): Promise<Uint8Array> {
    let message: Uint8Array | undefined;
    await this.#read(from, undefined, (frame, read, begin) => {
      message ??= new Uint8Array(word(frame.head, Word.size));
      copySegment(frame, read, message, begin);
    });
    return message!;
  }

  /** Waits until everything sent in place was read, and until nobody is more than the window behind. */
  async finish(): Promise<void> {
    for (const channel of this.#written) await channel.flush(this);
  }

  #read(from: number, size: number | undefined, use: UseSegment): Promise<void> {
    const { endpoint, members, context } = this.#group;
    const source = members[from]!;
    const read = endpoint.memoryOf(source, this);
    return endpoint.channels.incoming(source, context, COLLECTIVE).receive(this, {
      check: (frame, end) => {
        this.#check(source, frame);
        const announced = word(frame.head, Word.size);
        if (announced === (size ?? announced) && end <= announced) return;
        throw endpoint.mismatch(
          `Expected a message of ${size ?? announced} bytes from rank ${source} on rank ${endpoint.rank} ` +
            `in ${this.describe()}, got one of ${Math.max(announced, end)} bytes.`,
        );
      },
      use: (frame, begin, end) => {
        use(frame, read, begin, end);
      },
    });
  }

  /** A frame must be of this very call. */
  #check(source: number, frame: Frame): void {
    const { endpoint, history } = this.#group;
    const theirs = word(frame.head, Word.sequence);
    if (theirs === word(this.notice, Word.sequence) && history.compare(frame.head) === "agrees") return;
    // It may be of an earlier call in which this rank expected nothing: compare what both did there.
    const mine = theirs <= history.sequence ? history.describe(theirs) : this.describe();
    throw endpoint.differing(source, frame.head, mine);
  }
}
