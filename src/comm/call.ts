import type { NumericArray } from "./communicator.js";
import type { CallLog } from "./call-log.js";
import { COPIED, SEGMENT, WINDOW, type Incoming, type Outgoing } from "./channel.js";
import type { Endpoint, Purpose } from "./endpoint.js";
import type { Fold } from "./reduction.js";
import { bytesOf, COLLECTIVE, Kind, newHeader, REPORT_AT_ONCE, Word, type Frame } from "./wire.js";
import { encodeSignature, type Signature } from "./signature.js";

/** What a group of ranks shares: who they are, and the calls this rank has made on it. */
export interface Group {
  readonly endpoint: Endpoint;
  /** World ranks, in group order. */
  readonly members: readonly number[];
  readonly rank: number;
  readonly context: number;
  readonly log: CallLog;
}

/** Told after bytes [begin, end) of a message have arrived in place. */
export type OnSegment = (begin: number, end: number) => void;

/**
 * One collective call in progress on one rank: point-to-point messages among its ranks, in order per pair, each
 * checked to belong to the same call. All collectives are written against this and nothing below it.
 *
 * `send` does not wait. Up to COPIED bytes it copies; larger data travels from where it is and must keep its values
 * until its receiver has them (which the algorithm knows, or `finish` waits for).
 */
export class Call implements Purpose {
  readonly rank: number;
  readonly size: number;
  readonly deadline: number;
  readonly notice: Int32Array;
  readonly #group: Group;
  /** Channels written to, and the position on each up to which `finish` waits for the reader. */
  readonly #sent = new Map<Outgoing, number>();

  constructor(group: Group, signature: Signature) {
    const { endpoint, context, log } = group;
    this.#group = group;
    this.rank = group.rank;
    this.size = group.members.length;
    this.deadline = performance.now() + endpoint.timeoutMs;
    const sequence = log.enter(signature);
    this.notice = newHeader(Kind.waiting, endpoint.job, endpoint.rank, context, COLLECTIVE, sequence);
    encodeSignature(signature, this.notice, Word.signature);
  }

  describe(): string {
    return this.#group.log.describe(this.notice[Word.sequence]!);
  }

  /** Sends bytes [begin, end) of the message `data`; parts of one message are sent in order, the last ends it. */
  send(to: number, data: ArrayBufferView, begin = 0, end = data.byteLength): void {
    const bytes = bytesOf(data);
    const inPlace = bytes.byteLength > COPIED;
    const channel = this.#outgoing(to);
    let at = begin;
    do {
      const next = Math.min(at + SEGMENT, end);
      const header = this.notice.slice();
      header[Word.kind] = Kind.data;
      header[Word.size] = bytes.byteLength;
      if (inPlace && next === bytes.byteLength) header[Word.flags] = REPORT_AT_ONCE;
      channel.send(header, at === 0 && next === bytes.byteLength ? bytes : bytes.subarray(at, next));
      at = next;
    } while (at < end);
    const lagging = channel.position - WINDOW;
    this.#sent.set(channel, inPlace ? channel.position : Math.max(lagging, this.#sent.get(channel) ?? 0));
  }

  /** Receives the next message from `from` into `into`, which must have its size. */
  async receive(from: number, into: ArrayBufferView, onSegment?: OnSegment): Promise<void> {
    const target = bytesOf(into);
    await this.#read(from, target.byteLength, (segment, begin) => {
      target.set(segment, begin);
      onSegment?.(begin, begin + segment.byteLength);
    });
  }

  /** Receives the next message from `from` and folds it into `into`, segment by segment. */
  async receiveFold<T extends NumericArray>(
    from: number,
    into: T,
    fold: Fold<T>,
    onSegment?: OnSegment,
  ): Promise<void> {
    const width = into.BYTES_PER_ELEMENT;
    await this.#read(from, into.byteLength, (segment, begin) => {
      const contribution = viewLike(into, segment);
      const whole = contribution.length === into.length;
      fold(
        whole ? into : (into.subarray(begin / width, begin / width + contribution.length) as T),
        contribution,
      );
      onSegment?.(begin, begin + segment.byteLength);
    });
  }

  /** Receives the next message from `from`, whose size only the sender knows. */
  async receiveUnsized(from: number): Promise<Uint8Array> {
    const channel = this.#incoming(from);
    const first = await this.#next(from, channel);
    const message = new Uint8Array(first.header[Word.size]!);
    message.set(first.body);
    channel.release(first);
    for (let filled = first.body.byteLength; filled < message.byteLength;) {
      const frame = await this.#next(from, channel);
      message.set(frame.body, filled);
      filled += frame.body.byteLength;
      channel.release(frame);
    }
    return message;
  }

  /** Waits until everything sent in place was read, and until nobody is more than the window behind. */
  async finish(): Promise<void> {
    for (const [channel, position] of this.#sent) await channel.flushed(position, this);
  }

  async #read(from: number, size: number, use: (segment: Uint8Array, begin: number) => void): Promise<void> {
    const channel = this.#incoming(from);
    let filled = 0;
    do {
      const frame = await this.#next(from, channel);
      const announced = frame.header[Word.size]!;
      if (announced !== size || filled + frame.body.byteLength > size) {
        throw this.#group.endpoint.mismatch(
          `Expected a message of ${size} bytes from rank ${this.#group.members[from]!} on rank ` +
            `${this.#group.endpoint.rank} in ${this.describe()}, got one of ${announced} bytes.`,
        );
      }
      use(frame.body, filled);
      filled += frame.body.byteLength;
      channel.release(frame);
    } while (filled < size);
  }

  async #next(from: number, channel: Incoming): Promise<Frame> {
    const found = channel.next(this);
    const frame = found instanceof Promise ? await found : found;
    const { endpoint, log, members } = this.#group;
    if (
      frame.header[Word.sequence] !== this.notice[Word.sequence] ||
      log.compare(frame.header) !== "agrees"
    ) {
      // The frame may be of an earlier call in which this rank expected nothing: compare what both did there.
      const theirs = frame.header[Word.sequence]!;
      const mine = theirs <= log.sequence ? log.describe(theirs) : this.describe();
      throw endpoint.differing(members[from]!, frame.header, mine);
    }
    return frame;
  }

  #outgoing(to: number): Outgoing {
    const { endpoint, members, context } = this.#group;
    return endpoint.outgoing(members[to]!, context, COLLECTIVE);
  }

  #incoming(from: number): Incoming {
    const { endpoint, members, context } = this.#group;
    return endpoint.incoming(members[from]!, context, COLLECTIVE);
  }
}

/** `bytes` as an array of the type of `like`; copied where they are not aligned for it. */
export function viewLike<T extends NumericArray>(like: T, bytes: Uint8Array): T {
  const width = like.BYTES_PER_ELEMENT;
  if (like instanceof Uint8Array) return bytes as T; // a Buffer's constructor is not a typed array's
  const aligned = bytes.byteOffset % width === 0 ? bytes : new Uint8Array(bytes);
  const type = like.constructor as new (buffer: ArrayBufferLike, offset: number, length: number) => T;
  return new type(aligned.buffer, aligned.byteOffset, aligned.byteLength / width);
}
