import type { Endpoint } from "./endpoint.js";
import type { Purpose } from "./waits.js";
import {
  Flag,
  HEAD_BYTES,
  joined,
  Kind,
  newHead,
  payloadLength,
  setCredit,
  setWord,
  Word,
  word,
  type Frame,
} from "./wire.js";

/*
 * A channel is one direction between two ranks under one context and tag: frames in order, at most WINDOW bytes
 * of them sent and not yet read. The reader reports what it has read as one growing count of bytes; that count
 * opens the window again, and tells the sender that the memory it sent from is free. So a fast sender waits for a
 * slow reader, and the frames of a channel never take more than WINDOW bytes anywhere on the way.
 */

/** Bytes under way per channel. */
export const WINDOW = 8 << 20;

/** Largest payload of one frame: large enough to be cheap, small enough that copying and reducing overlap. */
export const SEGMENT = 512 << 10;

/** The same where the receiver reads it from memory: nothing is under way, but it computes nothing else meanwhile. */
const SEGMENT_IN_MEMORY = 4 << 20;

/** Up to this size a message is copied and its send done at once; a larger one travels from where it is. */
export const COPIED = 32 << 10;

const REPORT_EVERY = WINDOW / 4;

type Settle<T> = (value: T) => void;

/** Frames from one peer that wait to be read, in order. */
export class Incoming {
  #queue: Frame[] = [];
  #reader: Settle<Frame> | undefined;
  #read = 0;
  #reported = 0;
  /** The end of the line of receives on this channel; used by receives of user messages. */
  turn: Promise<unknown> | undefined;

  constructor(
    private readonly endpoint: Endpoint,
    readonly peer: number,
    private readonly context: number,
    private readonly tag: number,
  ) {}

  arrived(frame: Frame): void {
    const reader = this.#reader;
    if (reader === undefined) {
      this.#queue.push(frame);
      return;
    }
    this.#reader = undefined;
    reader(frame);
  }

  /** The next frame; give it back with `release` when its payload was used. */
  next(purpose: Purpose): Frame | Promise<Frame> {
    this.endpoint.throwIfFailed();
    const frame = this.#queue.shift();
    if (frame !== undefined) return frame;
    return this.endpoint.wait<Frame>(this.peer, purpose, (settle) => {
      this.#reader = settle;
    });
  }

  release(frame: Frame): void {
    this.#read += HEAD_BYTES + payloadLength(frame);
    const asked = (word(frame.head, Word.flags) & Flag.reportAtOnce) !== 0;
    if (!asked && this.#read - this.#reported < REPORT_EVERY) return;
    this.#reported = this.#read;
    const { job, rank } = this.endpoint;
    const head = newHead(Kind.credit, job, rank, this.context, this.tag);
    setCredit(head, this.#read);
    this.endpoint.post(this.peer, head);
  }
}

interface Segment {
  readonly head: Buffer;
  readonly body: Uint8Array | undefined;
  readonly bytes: number;
}

/** Frames to one peer, and how far it has read them. */
export class Outgoing {
  #posted = 0;
  #read = 0;
  #queue: Segment[] = [];
  /** Payloads the peer reads from memory: kept from the garbage collector until it has. */
  #lent: { position: number; payload: Uint8Array }[] = [];
  #flushes: { position: number; settle: Settle<undefined> }[] = [];
  /** Bytes given to this channel so far, posted or not. */
  #position = 0;
  /** Up to where payloads were sent from the caller's memory. */
  #inPlace = 0;

  constructor(
    private readonly endpoint: Endpoint,
    private readonly peer: number,
  ) {}

  /**
   * Sends bytes [begin, end) of `message` as soon as the window allows; the last part ends the message. Messages
   * larger than COPIED are used in place. `head` is the head of all frames but for kind, flags and size.
   */
  send(head: Buffer, message: Uint8Array, begin = 0, end = message.byteLength): void {
    const size = message.byteLength;
    const inPlace = size > COPIED;
    const inMemory = inPlace && this.endpoint.sharesMemoryWith(this.peer);
    const step = inMemory ? SEGMENT_IN_MEMORY : SEGMENT;
    setWord(head, Word.kind, Kind.data);
    setWord(head, Word.size, size);
    let at = begin;
    do {
      const next = Math.min(at + step, end);
      const ends = inPlace && next === size;
      setWord(head, Word.flags, (ends ? Flag.reportAtOnce : 0) | (inMemory ? Flag.inMemory : 0));
      const payload = next - at === size ? message : message.subarray(at, next);
      this.endpoint.countSent(payload.byteLength);
      if (inMemory) this.#lend(head, payload);
      else if (payload.byteLength <= COPIED) this.#enqueue(joined(head, payload));
      else this.#enqueue(Buffer.from(head), payload);
      at = next;
    } while (at < end);
    if (inPlace) this.#inPlace = this.#position;
  }

  #lend(head: Buffer, payload: Uint8Array): void {
    this.#enqueue(joined(head, this.endpoint.spanOf(payload)));
    this.#lent.push({ position: this.#position, payload });
  }

  #enqueue(head: Buffer, body?: Uint8Array): void {
    const bytes = head.byteLength + (body?.byteLength ?? 0);
    this.#position += bytes;
    const segment = { head, body, bytes };
    if (this.#queue.length > 0 || !this.#fits(bytes)) this.#queue.push(segment);
    else this.#post(segment);
  }

  /** The peer has read `bytes` in all. */
  credited(bytes: number): void {
    this.#read = Math.max(this.#read, bytes);
    while (this.#lent.length > 0 && this.#lent[0]!.position <= this.#read) this.#lent.shift();
    for (let next = this.#queue[0]; next !== undefined && this.#fits(next.bytes); next = this.#queue[0]) {
      this.#queue.shift();
      this.#post(next);
    }
    while (this.#flushes.length > 0 && this.#flushes[0]!.position <= this.#read) {
      this.#flushes.shift()!.settle(undefined);
    }
  }

  /** Waits until all sent in place so far was read, and the peer is at most the window behind. */
  flush(purpose: Purpose): Promise<void> | undefined {
    this.endpoint.throwIfFailed();
    const position = Math.max(this.#inPlace, this.#position - WINDOW);
    if (this.#read >= position) return undefined;
    return this.endpoint.wait<undefined>(this.peer, purpose, (settle) => {
      this.#flushes.push({ position, settle });
    });
  }

  #fits(bytes: number): boolean {
    const underway = this.#posted - this.#read;
    return underway === 0 || underway + bytes <= WINDOW;
  }

  #post({ head, body, bytes }: Segment): void {
    this.#posted += bytes;
    this.endpoint.post(this.peer, head, body);
  }
}
