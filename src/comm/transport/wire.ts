import { createHash } from "node:crypto";
import { endianness } from "node:os";

/**
 * The head of a frame: sixteen 32-bit words, little-endian.
 *
 *   0  MAGIC     4  from (world rank)    8..13  signature: operation, dtype, reduction, root, count, digest
 *   1  kind      5  context             14      flags        } in a credit frame: bytes read on
 *   2  job id    6  tag                 15      message size } the channel, one float64
 *   3  (hash)    7  sequence                             8, 9 there: what reading took, one float64
 *
 * A payload follows the head in the same part, or is a part of its own.
 */
export const HEAD_BYTES = 64;

/** The largest payload of a frame: large enough to be cheap, small enough that sending, receiving and reducing overlap. */
export const LARGEST_SEGMENT = 512 << 10;

const MAGIC = 0x32545041; // "APT2"

export const Kind = {
  hello: 0,
  data: 1,
  credit: 2,
  waiting: 3,
  abort: 4,
  goodbye: 5,
  farewell: 6,
  readable: 7,
} as const;
export type Kind = (typeof Kind)[keyof typeof Kind];

/** Frames about the peers themselves, not about a channel or a call. */
export type ControlKind = Exclude<Kind, typeof Kind.data | typeof Kind.credit | typeof Kind.waiting>;

export const Word = {
  magic: 0,
  kind: 1,
  job: 2,
  from: 4,
  context: 5,
  tag: 6,
  sequence: 7,
  signature: 8,
  flags: 14,
  size: 15,
} as const;
export type Word = (typeof Word)[keyof typeof Word];

export const Flag = {
  /** The sender waits until this segment was read. */
  reportAtOnce: 1,
  /** The payload stands for memory of the sender: its address and length, for the receiver to read. */
  inMemory: 2,
  /** Memory of the sender that holds a copy, made for this message. */
  copied: 4,
} as const;

/** The tag of a group's collectives; user tags are ≥ 0. */
export const COLLECTIVE = -1;

/** Two words that name a job run in every head. */
export type JobWords = readonly [number, number];

export function jobWords(jobId: string): JobWords {
  const digest = createHash("sha256").update(jobId).digest();
  return [digest.readInt32LE(0), digest.readInt32LE(4)];
}

export function word(head: Buffer, which: Word): number {
  return head.readInt32LE(4 * which);
}

export function setWord(head: Buffer, which: Word, value: number): void {
  head.writeInt32LE(value, 4 * which);
}

/** A head of `kind`; words not named are 0. */
export function newHead(kind: Kind, job: JobWords, from: number, context = 0, tag = 0): Buffer {
  const head = Buffer.allocUnsafe(HEAD_BYTES).fill(0);
  setWord(head, Word.magic, MAGIC);
  setWord(head, Word.kind, kind);
  head.writeInt32LE(job[0], 4 * Word.job);
  head.writeInt32LE(job[1], 4 * Word.job + 4);
  setWord(head, Word.from, from);
  setWord(head, Word.context, context);
  setWord(head, Word.tag, tag);
  return head;
}

/** `head` and a copy of `payload` behind it, in `memory` or a new piece of it. */
export function joined(
  head: Buffer,
  payload: Uint8Array,
  memory: Buffer = Buffer.allocUnsafe(HEAD_BYTES + payload.byteLength),
): Buffer {
  head.copy(memory);
  memory.set(payload, HEAD_BYTES);
  return memory;
}

/** A frame as it came in: `payload` starts at `offset` of `part`. */
export interface Frame {
  readonly head: Buffer;
  readonly part: Buffer;
  readonly offset: number;
}

/** The frame in what a link delivered, or undefined if no rank of this job wrote it. */
export function parseFrame(head: Buffer, body: Buffer | undefined, job: JobWords): Frame | undefined {
  if (head.byteLength < HEAD_BYTES || (body !== undefined && head.byteLength !== HEAD_BYTES))
    return undefined;
  if (word(head, Word.magic) !== MAGIC) return undefined;
  if (head.readInt32LE(4 * Word.job) !== job[0] || head.readInt32LE(4 * Word.job + 4) !== job[1])
    return undefined;
  return body === undefined ? { head, part: head, offset: HEAD_BYTES } : { head, part: body, offset: 0 };
}

export function payloadOf({ part, offset }: Frame): Buffer {
  return offset === 0 ? part : part.subarray(offset);
}

export function bytesOf(data: ArrayBufferView): Uint8Array {
  return data instanceof Uint8Array ? data : new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
}

/** Whether two heads carry one signature. */
export function sameSignature(a: Buffer, b: Buffer): boolean {
  for (let at = 4 * Word.signature; at < 4 * Word.flags; at += 4) {
    if (a.readInt32LE(at) !== b.readInt32LE(at)) return false;
  }
  return true;
}

/** All bytes its sender has read on the channel a credit frame names. */
export function creditOf(head: Buffer): number {
  return head.readDoubleLE(4 * Word.flags);
}

export function setCredit(head: Buffer, bytes: number): void {
  head.writeDoubleLE(bytes, 4 * Word.flags);
}

/** Milliseconds from when the reader of a message asked for it to the credit frame that tells it was read. */
export function tookOf(head: Buffer): number {
  return head.readDoubleLE(4 * Word.signature);
}

export function setTook(head: Buffer, milliseconds: number): void {
  head.writeDoubleLE(milliseconds, 4 * Word.signature);
}

export const LITTLE_ENDIAN = endianness() === "LE";
