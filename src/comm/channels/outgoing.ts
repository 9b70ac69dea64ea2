import type { Purpose } from "../membership/waits.js";
import { Flag, HEAD_BYTES, joined, Kind, setWord, Word } from "../transport/wire.js";
import type { Carrier } from "./carrier.js";
import { frameSize, isWorthReading } from "./frame-size.js";
import { COPIED, weightOf, WINDOW } from "./window.js";

/** Below this size fresh memory comes as quickly as used memory. */
const SMALL = 2 << 10;

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
  /** Whether the peer reads it there. */
  readonly inMemory: boolean;
}

/** Frames to one peer, and how far it has read them. */
export class Outgoing {
  #posted = 0;
  #read = 0;
  #queue: Segment[] = [];
  #lent: Lent[] = [];
  #flushes: { position: number; settle: (value: undefined) => void }[] = [];
  /** Weight of all frames given to this channel so far, posted or not. */
  #position = 0;
  /** Up to where payloads were sent from the caller's memory. */
  #inPlace = 0;
  #onIdle: (() => void) | undefined;
  /** Milliseconds from when the peer asked for what it has read last until it had read it. */
  #took = 0;
  readonly #way: "host" | "network";

  constructor(
    private readonly carrier: Carrier,
    private readonly peer: number,
  ) {
    this.#way = carrier.isLocal(peer) ? "host" : "network";
  }

  /**
   * Sends bytes [begin, end) of `message` as soon as the window allows; the last part ends the message. Messages
   * larger than COPIED are used in place. `head` is the head of all frames but for kind, flags and size.
   */
  send(head: Buffer, message: Uint8Array, begin = 0, end = message.byteLength): void {
    const size = message.byteLength;
    const inPlace = size > COPIED;
    const inMemory = isWorthReading(size) && this.carrier.sharing?.canBeReadBy(this.peer) === true;
    const step = frameSize(size, inMemory ? "memory" : this.#way);
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
      this.carrier.countSent(payload.byteLength);
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
      copy = this.carrier.buffers.take(payload.byteLength);
      copy.set(payload);
    }
    const lent = copy ?? payload;
    this.#lent.push({ position: this.#position, payload: lent, copy, inMemory: true });
    this.#enqueue({
      head: joined(head, this.carrier.sharing!.spanOf(lent)),
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
    const copy = this.carrier.buffers.take(HEAD_BYTES + payload.byteLength);
    this.#lent.push({ position: this.#position, payload: copy, copy, inMemory: false });
    this.#enqueue({ head: joined(head, payload, copy), body: undefined, weight });
  }

  #enqueue(segment: Segment): void {
    if (this.#queue.length > 0 || !this.#fits(segment.weight)) this.#queue.push(segment);
    else this.#post(segment);
  }

  /** The peer has read `bytes` in all, and took so many milliseconds from when it asked for the last of them. */
  credited(bytes: number, took: number): void {
    this.#read = Math.max(this.#read, bytes);
    this.#took = took;
    while (this.#lent.length > 0 && this.#lent[0]!.position <= this.#read) {
      const { copy } = this.#lent.shift()!;
      if (copy !== undefined) this.carrier.buffers.give(copy);
    }
    for (let next = this.#queue[0]; next !== undefined && this.#fits(next.weight); next = this.#queue[0]) {
      this.#queue.shift();
      this.#post(next);
    }
    while (this.#flushes.length > 0 && this.#flushes[0]!.position <= this.#read) {
      this.#flushes.shift()!.settle(undefined);
    }
    if (this.#idle) this.#onIdle?.();
  }

  /** Calls `action` when nothing waits to be sent or read. */
  whenIdle(action: () => void): void {
    this.#onIdle = action;
    if (this.#idle) action();
  }

  /** Whether the peer may still read memory of this rank. */
  get lendsMemory(): boolean {
    return this.#lent.some(({ inMemory }) => inMemory);
  }

  get #idle(): boolean {
    return this.#lent.length === 0 && this.#queue.length === 0 && this.#flushes.length === 0;
  }

  /** Waits until all sent in place so far was read, and the peer is at most the window behind. */
  flush(purpose: Purpose): Promise<void> | undefined {
    this.carrier.membership.checkOpen(this.peer, purpose);
    const position = Math.max(this.#inPlace, this.#position - WINDOW);
    if (this.#read >= position) return undefined;
    return this.#awaitRead(position, purpose);
  }

  async #awaitRead(position: number, purpose: Purpose): Promise<void> {
    const { account, membership } = this.carrier;
    account.flushes();
    await membership.wait<undefined>(this.peer, purpose, (settle) => {
      this.#flushes.push({ position, settle });
    });
    account.flushed(this.#took);
  }

  #fits(weight: number): boolean {
    const underway = this.#posted - this.#read;
    return underway === 0 || underway + weight <= WINDOW;
  }

  #post({ head, body, weight }: Segment): void {
    this.#posted += weight;
    this.carrier.post(this.peer, head, body);
  }
}
