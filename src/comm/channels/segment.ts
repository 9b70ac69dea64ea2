import { summandBlock } from "../../linalg/sum-kernel.js";
import type { NumericArray } from "../communicator.js";
import { decodeSpan, type ReadMemory } from "../transport/shared-memory/sharing.js";
import { Flag, HEAD_BYTES, payloadOf, setWord, Word, word, type Frame } from "../transport/wire.js";

/** accumulator ← accumulator ∘ contribution, elementwise, in place. */
export type Fold = (accumulator: NumericArray, contribution: NumericArray) => void;

/** Bytes of message in a data frame, wherever they are. */
export function segmentLength(frame: Frame): number {
  return isInMemory(frame) ? decodeSpan(payloadOf(frame)).length : frame.part.byteLength - frame.offset;
}

/** Copies the frame's part of the message to `target` from byte `at` on. */
export function copySegment(frame: Frame, read: ReadMemory, target: Uint8Array, at: number): void {
  if (isInMemory(frame)) {
    const { address, length } = decodeSpan(payloadOf(frame));
    read(address, target.subarray(at, at + length));
  } else {
    frame.part.copy(target, at, frame.offset);
  }
}

/** Folds the frame's part of the message into `target` from byte `at` on. */
export function foldSegment(
  frame: Frame,
  read: ReadMemory,
  target: NumericArray,
  at: number,
  fold: Fold,
): void {
  const run = (begin: number, bytes: Uint8Array): void => {
    const contribution = viewLike(target, bytes);
    const first = begin / target.BYTES_PER_ELEMENT;
    const whole = contribution.length === target.length;
    fold(whole ? target : target.subarray(first, first + contribution.length), contribution);
  };
  if (!isInMemory(frame)) {
    run(at, payloadOf(frame));
    return;
  }
  const { address, length } = decodeSpan(payloadOf(frame));
  for (let done = 0; done < length; done += summandBlock.byteLength) {
    const bytes = summandBlock.subarray(0, Math.min(summandBlock.byteLength, length - done));
    read(address + BigInt(done), bytes);
    run(at + done, bytes);
  }
}

/** The frame with its part of the message beside it, wherever that was. */
export function detached(frame: Frame, read: ReadMemory): Frame {
  if (!isInMemory(frame)) return frame;
  const part = Buffer.allocUnsafeSlow(segmentLength(frame));
  copySegment(frame, read, part, 0);
  const head = Buffer.from(frame.head.subarray(0, HEAD_BYTES));
  setWord(head, Word.flags, word(head, Word.flags) & ~Flag.inMemory);
  return { head, part, offset: 0 };
}

/** Whether the payload lies in the sender's memory still. */
export function isInMemory({ head }: Frame): boolean {
  return (word(head, Word.flags) & Flag.inMemory) !== 0;
}

/** `bytes` as an array of the type of `like`; copied where they are not aligned for it. */
function viewLike(like: NumericArray, bytes: Uint8Array): NumericArray {
  if (like instanceof Uint8Array) return bytes; // a Buffer's constructor is not a typed array's
  const aligned = bytes.byteOffset % like.BYTES_PER_ELEMENT === 0 ? bytes : new Uint8Array(bytes);
  const type = like.constructor as typeof Float32Array;
  return new type(aligned.buffer, aligned.byteOffset, aligned.byteLength / like.BYTES_PER_ELEMENT);
}
