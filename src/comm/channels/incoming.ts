import type { Purpose } from "../membership/waits.js";
import type { ReadMemory } from "../transport/shared-memory/sharing.js";
import { Flag, Kind, newHead, setCredit, setTook, Word, word, type Frame } from "../transport/wire.js";
import type { Carrier } from "./carrier.js";
import { dropPayload } from "./reclaim.js";
import { detached, isInMemory, segmentLength } from "./segment.js";
import { weightOf, WINDOW } from "./window.js";

const REPORT_EVERY = WINDOW / 4;

/** How a message is taken. */
export interface Take {
  /** Throws where a frame is not of the message that is expected, or its segment ends, at byte `end`, beyond it. */
  readonly check: (frame: Frame, end: number) => void;
  /** Takes the frame's segment, bytes [begin, end) of the message, at once. */
  readonly use: (frame: Frame, begin: number, end: number) => void;
}

/** Frames from one peer that wait to be read, in order. */
export class Incoming {
  #queue: Frame[] = [];
  #reader: ((frame: Frame) => void) | undefined;
  #read = 0;
  #reported = 0;
  /** `performance.now()` when the receive in progress, or made last, asked for its message. */
  #asked = 0;
  /** Settles when the receive called last is done. */
  #turn: Promise<void> | undefined;

  constructor(
    private readonly carrier: Carrier,
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

  /** Receives the next message, segment by segment, after the receives called before. */
  async receive(purpose: Purpose, take: Take): Promise<void> {
    const turn = this.#take(purpose, take, this.#turn);
    this.#turn = turn;
    try {
      await turn;
    } finally {
      if (this.#turn === turn) this.#turn = undefined;
    }
  }

  async #take(purpose: Purpose, { check, use }: Take, earlier: Promise<void> | undefined): Promise<void> {
    if (earlier !== undefined) await earlier.catch(() => undefined);
    this.#asked = performance.now();
    const { account } = this.carrier;
    const first = this.#next(purpose);
    let frame = first instanceof Promise ? await this.#awaited(first) : first;
    account.takes();
    try {
      for (let filled = 0; ;) {
        const begin = filled;
        const end = begin + segmentLength(frame);
        check(frame, end);
        const segment = frame;
        this.#consume(segment, () => {
          use(segment, begin, end);
        });
        filled = end;
        if (filled >= word(frame.head, Word.size)) return;
        const next = this.#next(purpose);
        frame = next instanceof Promise ? await next : next;
      }
    } finally {
      account.taken();
    }
  }

  /** The first frame of a message: until it comes, nothing of it moves. */
  async #awaited(frame: Promise<Frame>): Promise<Frame> {
    const { account } = this.carrier;
    account.awaits();
    try {
      return await frame;
    } finally {
      account.awaited();
    }
  }

  #next(purpose: Purpose): Frame | Promise<Frame> {
    this.carrier.membership.checkOpen(this.peer, purpose);
    const frame = this.#queue.shift();
    if (frame !== undefined) return frame;
    return this.carrier.membership.wait<Frame>(this.peer, purpose, (settle) => {
      this.#reader = settle;
    });
  }

  /**
   * Lets `use` take the frame's payload, at once, and counts the frame as read. A payload that has come is counted
   * before: its sender's memory is free, and who waits for that need not wait for the use.
   */
  #consume(frame: Frame, use: () => void): void {
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
    const { job, rank } = this.carrier;
    const head = newHead(Kind.credit, job, rank, this.context, this.tag);
    setCredit(head, this.#read);
    setTook(head, performance.now() - this.#asked);
    this.carrier.post(this.peer, head);
  }

  /** Copies what waiting frames left in the peer's memory. */
  fetch(read: ReadMemory): void {
    this.#queue = this.#queue.map((frame) => detached(frame, read));
  }
}
