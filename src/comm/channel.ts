import type { Endpoint, Purpose } from "./endpoint.js";
import {
  bytesOf,
  HEADER_BYTES,
  joined,
  Kind,
  newHeader,
  REPORT_AT_ONCE,
  setCredit,
  Word,
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

/** Up to this size a payload is copied behind its header and the send is done; larger ones travel from where they are. */
export const COPIED = 16 << 10;

const REPORT_EVERY = WINDOW / 4;

interface Waiter<T> {
  settle(value: T): void;
}

/** Frames from one peer that wait to be read, in order. */
export class Incoming {
  #queue: Frame[] = [];
  #reader: Waiter<Frame> | undefined;
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
    reader.settle(frame);
  }

  get empty(): boolean {
    return this.#queue.length === 0;
  }

  /** The next frame; give it back with `release` when its body was used. */
  next(purpose: Purpose): Frame | Promise<Frame> {
    this.endpoint.throwIfFailed();
    const frame = this.#queue.shift();
    if (frame !== undefined) return frame;
    return this.endpoint.wait<Frame>(this.peer, purpose, (waiter) => {
      this.#reader = waiter;
    });
  }

  release(frame: Frame): void {
    this.#read += HEADER_BYTES + frame.body.byteLength;
    const asked = (frame.header[Word.flags]! & REPORT_AT_ONCE) !== 0;
    if (!asked && this.#read - this.#reported < REPORT_EVERY) return;
    this.#reported = this.#read;
    const { job, rank } = this.endpoint;
    const header = newHeader(Kind.credit, job, rank, this.context, this.tag);
    setCredit(header, this.#read);
    this.endpoint.post(this.peer, bytesOf(header));
  }
}

interface Segment {
  readonly head: Uint8Array;
  readonly body: Uint8Array | undefined;
  readonly bytes: number;
}

/** Frames to one peer, and how far it has read them. */
export class Outgoing {
  #posted = 0;
  #read = 0;
  #queue: Segment[] = [];
  #flushes: { position: number; waiter: Waiter<undefined> }[] = [];
  /** Bytes given to this channel so far, posted or not. */
  position = 0;

  constructor(
    private readonly endpoint: Endpoint,
    private readonly peer: number,
  ) {}

  /** Sends one frame as soon as the window allows. `payload` is used in place if it is larger than COPIED. */
  send(header: Int32Array, payload: Uint8Array): void {
    const bytes = HEADER_BYTES + payload.byteLength;
    this.position += bytes;
    const copied = payload.byteLength <= COPIED;
    const segment = copied
      ? { head: joined(header, payload), body: undefined, bytes }
      : { head: bytesOf(header), body: payload, bytes };
    if (this.#queue.length > 0 || !this.#fits(bytes)) this.#queue.push(segment);
    else this.#post(segment);
  }

  /** The peer has read `bytes` in all. */
  credited(bytes: number): void {
    this.#read = Math.max(this.#read, bytes);
    for (let next = this.#queue[0]; next !== undefined && this.#fits(next.bytes); next = this.#queue[0]) {
      this.#queue.shift();
      this.#post(next);
    }
    while (this.#flushes.length > 0 && this.#flushes[0]!.position <= this.#read) {
      this.#flushes.shift()!.waiter.settle(undefined);
    }
  }

  /** Resolves when everything up to `position` was read, or, with `posted`, at least handed to the link. */
  async flushed(position: number, purpose: Purpose): Promise<void> {
    this.endpoint.throwIfFailed();
    if (this.#read >= position) return;
    await this.endpoint.wait<undefined>(this.peer, purpose, (waiter) => {
      this.#flushes.push({ position, waiter });
    });
  }

  #fits(bytes: number): boolean {
    const underway = this.#posted - this.#read;
    return underway === 0 || underway + bytes <= WINDOW;
  }

  #post(segment: Segment): void {
    this.#posted += segment.bytes;
    this.endpoint.postData(this.peer, segment.head, segment.body, segment.bytes - HEADER_BYTES);
  }
}
