import {
  decodeSignature,
  describeCall,
  encodeSignature,
  SIGNATURE_WORDS,
  type Signature,
} from "./signature.js";
import { sameSignature, Word } from "./wire.js";

const KEPT = 1024;

/**
 * The collectives one rank has called on one group, the last KEPT of them, so that what another rank says about
 * its own calls can be compared with them at any time.
 */
export class CallLog {
  readonly #words = new Int32Array(KEPT * SIGNATURE_WORDS);
  /** Number of the call in progress or last made; the first is 1. */
  sequence = 0;

  /** Notes the next call and returns its number. */
  enter(signature: Signature): number {
    this.sequence++;
    encodeSignature(signature, this.#words, this.#at(this.sequence));
    return this.sequence;
  }

  /** How a header of another rank compares: it may be ahead of this rank, agree with it, or differ. */
  compare(header: Int32Array): "ahead" | "agrees" | "differs" {
    const sequence = header[Word.sequence]!;
    if (sequence > this.sequence) return "ahead";
    if (sequence <= this.sequence - KEPT) return "agrees"; // forgotten
    return sameSignature(this.#words, this.#at(sequence), header, Word.signature) ? "agrees" : "differs";
  }

  describe(sequence: number): string {
    return describeCall(decodeSignature(this.#words, this.#at(sequence)), sequence);
  }

  #at(sequence: number): number {
    return (sequence % KEPT) * SIGNATURE_WORDS;
  }
}
