import { weightOf, WINDOW } from "./window.js";
import type { Endpoint } from "../calls/endpoint.js";
import { dropPayload } from "./reclaim.js";
import { detached, isInMemory, segmentLength, type ReadMemory } from "./segment.js";
import type { Purpose } from "../membership/waits.js";
import { Flag, Kind, newHead, setCredit, Word, word, type Frame } from "../transport/wire.js";

const REPORT_EVERY = WINDOW / 4;

/** Frames from one peer that wait to be read, in order. */
export class Incoming {
  #queue: Frame[] = [];
  #reader: ((frame: Frame) => void) | undefined;
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

  /** The next frame, for `consume`. */
  next(purpose: Purpose): Frame | Promise<Frame> {
    this.endpoint.membership.checkOpen(this.peer, purpose);
    const frame = this.#queue.shift();
    if (frame !== undefined) return frame;
    return this.endpoint.membership.wait<Frame>(this.peer, purpose, (settle) => {
      this.#reader = settle;
    });
  }

  /**
   * Lets `use` take the frame's payload, at once, and counts the frame as read. A payload that has come is counted
   * before: its sender's memory is free, and who waits for that need not wait for the use.
   */
  consume(frame: Frame, use: () => void): void {
    const here = !isInMemory(frame);
    if (here) this.#count(frame);
    use();
    if (!here) this.#count(frame);
    dropPayload(frame.part.byteLength);
  }

  #count(frame: Frame): void {
    const flags = word(frame.head, Word.flags);
    this.#read += weightOf(flags, segmentLength(frame));
    const asked = (flags & Flag.reportAtOnce) !== 0;
    if (asked || this.#read - this.#reported >= REPORT_EVERY) this.report();
  }

  /** Tells the peer what has been read, if it does not know. */
  report(): void {
    if (this.#read === this.#reported) return;
    this.#reported = this.#read;
    const { job, rank } = this.endpoint;
    const head = newHead(Kind.credit, job, rank, this.context, this.tag);
    setCredit(head, this.#read);
    this.endpoint.post(this.peer, head);
  }

  /** Copies what waiting frames left in the peer's memory. */
  fetch(read: ReadMemory): void {
    this.#queue = this.#queue.map((frame) => detached(frame, read));
  }
}
