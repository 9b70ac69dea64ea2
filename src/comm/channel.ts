import type { Endpoint } from "./endpoint.js";
import { dropPayload } from "./reclaim.js";
import { segmentLength } from "./segment.js";
import type { Purpose } from "./waits.js";
import {
  Flag,
  HEAD_BYTES,
  joined,
  Kind,
  newHead,
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

/**
 * Payload of one frame: large enough to be cheap, small enough that sending, receiving and reducing overlap. A message
 * is cut in about four, within these bounds.
 */
export const LARGEST_SEGMENT = 512 << 10;
const SMALLEST_SEGMENT = 64 << 10;

/** The same where the receiver reads it from memory: nothing is under way, but it computes nothing else meanwhile. */
const SEGMENT_IN_MEMORY = 4 << 20;

/** Up to this size a message is copied and its send done at once; a larger one travels from where it is. */
export const COPIED = 256 << 10;

/** Below this size fresh memory comes as quickly as used memory. */
const SMALL = 2 << 10;

/** From this size on, reading memory is quicker than a socket. */
const WORTH_READING = 16 << 10;

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
    dropPayload(frame.part.byteLength);
    const flags = word(frame.head, Word.flags);
    this.#read += weightOf(flags, segmentLength(frame));
    const asked = (flags & Flag.reportAtOnce) !== 0;
    if (!asked && this.#read - this.#reported < REPORT_EVERY) return;
    this.#reported = this.#read;
    const { job, rank } = this.endpoint;
    const head = newHead(Kind.credit, job, rank, this.context, this.tag);
    setCredit(head, this.#read);
    this.endpoint.post(this.peer, head);
  }
}

/** What a frame counts against the window: what it takes of memory until it is read. */
function weightOf(flags: number, payload: number): number {
  const inPlace = (flags & (Flag.inMemory | Flag.copied)) === Flag.inMemory;
  return HEAD_BYTES + (inPlace ? 0 : payload);
}

/** A multiple of 64 bytes, so that elements stay whole. */
function segmentOf(size: number): number {
  const quarter = (size / 4) & ~63;
  return Math.min(LARGEST_SEGMENT, Math.max(SMALLEST_SEGMENT, quarter));
}

interface Segment {
  readonly head: Buffer;
  readonly body: Uint8Array | undefined;
  readonly weight: number;
}

/** Memory the peer reads from, or the link sends from, until the peer has read up to `position`. */
interface Lent {
  readonly position: number;
  readonly payload: Uint8Array;
  readonly copy: Buffer | undefined;
}

/** Frames to one peer, and how far it has read them. */
export class Outgoing {
  #posted = 0;
  #read = 0;
  #queue: Segment[] = [];
  #lent: Lent[] = [];
  #flushes: { position: number; settle: Settle<undefined> }[] = [];
  /** Weight of all frames given to this channel so far, posted or not. */
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
    const inMemory = size >= WORTH_READING && this.endpoint.sharesMemoryWith(this.peer);
    const step = inMemory ? SEGMENT_IN_MEMORY : segmentOf(size);
    setWord(head, Word.kind, Kind.data);
    setWord(head, Word.size, size);
    let at = begin;
    do {
      const next = Math.min(at + step, end);
      const payload = next - at === size ? message : message.subarray(at, next);
      const flags =
        (inPlace && next === size ? Flag.reportAtOnce : 0) |
        (inMemory ? Flag.inMemory : 0) |
        (inPlace ? 0 : Flag.copied);
      setWord(head, Word.flags, flags);
      this.endpoint.countSent(payload.byteLength);
      this.#position += weightOf(flags, payload.byteLength);
      if (inMemory) this.#sendSpan(head, payload, inPlace, flags);
      else this.#sendBytes(head, payload, inPlace, flags);
      at = next;
    } while (at < end);
    if (inPlace) this.#inPlace = this.#position;
  }

  /** Sends where the payload lies. */
  #sendSpan(head: Buffer, payload: Uint8Array, inPlace: boolean, flags: number): void {
    let copy: Buffer | undefined;
    if (!inPlace) {
      copy = this.endpoint.buffers.take(payload.byteLength);
      copy.set(payload);
    }
    const lent = copy ?? payload;
    this.#lent.push({ position: this.#position, payload: lent, copy });
    this.#enqueue({
      head: joined(head, this.endpoint.spanOf(lent)),
      body: undefined,
      weight: weightOf(flags, payload.byteLength),
    });
  }

  #sendBytes(head: Buffer, payload: Uint8Array, inPlace: boolean, flags: number): void {
    const weight = weightOf(flags, payload.byteLength);
    if (inPlace) {
      this.#enqueue({ head: Buffer.from(head), body: payload, weight });
      return;
    }
    if (payload.byteLength < SMALL) {
      this.#enqueue({ head: joined(head, payload), body: undefined, weight });
      return;
    }
    const copy = this.endpoint.buffers.take(HEAD_BYTES + payload.byteLength);
    this.#lent.push({ position: this.#position, payload: copy, copy });
    this.#enqueue({ head: joined(head, payload, copy), body: undefined, weight });
  }

  #enqueue(segment: Segment): void {
    if (this.#queue.length > 0 || !this.#fits(segment.weight)) this.#queue.push(segment);
    else this.#post(segment);
  }

  /** The peer has read `bytes` in all. */
  credited(bytes: number): void {
    this.#read = Math.max(this.#read, bytes);
    while (this.#lent.length > 0 && this.#lent[0]!.position <= this.#read) {
      const { copy } = this.#lent.shift()!;
      if (copy !== undefined) this.endpoint.buffers.give(copy);
    }
    for (let next = this.#queue[0]; next !== undefined && this.#fits(next.weight); next = this.#queue[0]) {
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

  #fits(weight: number): boolean {
    const underway = this.#posted - this.#read;
    return underway === 0 || underway + weight <= WINDOW;
  }

  #post({ head, body, weight }: Segment): void {
    this.#posted += weight;
    this.endpoint.post(this.peer, head, body);
  }
}
