import { sameSignature, Word, word } from "../transport/wire.js";
import { describeHead } from "./signature.js";

/** Calls kept in memory: more than any two ranks can be apart by. */
const KEPT = 1024;

/**
 * The collectives one rank has called on one group, so that what another rank says about its own calls can be
 * compared with them at any time. A call is kept as the head its messages carry.
 */
export class CallHistory {
  readonly #heads = new Array<Buffer | undefined>(KEPT).fill(undefined);
  /** Number of the call in progress or last made; the first is 1. */
  sequence = 0;

  /** Notes the next call. */
  enter(head: Buffer): void {
    this.sequence = word(head, Word.sequence);
    this.#heads[this.sequence % KEPT] = head;
  }

  /** How another rank's head compares: it may be ahead of this rank, agree with it, or differ. */
  compare(head: Buffer): "ahead" | "agrees" | "differs" {
    const sequence = word(head, Word.sequence);
    if (sequence > this.sequence) return "ahead";
    const own = this.#find(sequence);
    return own === undefined || sameSignature(own, head) ? "agrees" : "differs";
  }

  describe(sequence: number): string {
    const head = this.#find(sequence);
    return head === undefined ? `call #${sequence}` : describeHead(head);
  }

  #find(sequence: number): Buffer | undefined {
    return sequence > this.sequence - KEPT ? this.#heads[sequence % KEPT] : undefined;
  }
}
