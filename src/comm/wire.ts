import { createHash } from "node:crypto";
import { endianness } from "node:os";

import { SIGNATURE_WORDS } from "./signature.js";

/**
 * The frame header: sixteen 32-bit words in the machine's order (all machines apts runs on are little-endian;
 * rendezvous refuses others).
 *
 *   0  MAGIC     4  from (world rank)    8..13  signature: operation, dtype, reduction, root, count, digest
 *   1  kind      5  context             14      flags        } credit: bytes read since the
 *   2  job id    6  tag                 15      message size } channel opened, one float64
 *   3  (hash)    7  sequence
 */
export const HEADER_WORDS = 16;
export const HEADER_BYTES = 64;

const MAGIC = 0x32545041; // "APT2"

export const Kind = { hello: 0, data: 1, credit: 2, waiting: 3, abort: 4, goodbye: 5 } as const;
export type Kind = (typeof Kind)[keyof typeof Kind];

export const Word = {
  magic: 0,
  kind: 1,
  job: 2,
  from: 4,
  context: 5,
  tag: 6,
  sequence: 7,
  signature: 8,
  dtype: 9,
  count: 12,
  flags: 14,
  size: 15,
} as const;

/** In `flags`: the sender waits until this segment was read. */
export const REPORT_AT_ONCE = 1;

/** The tag of a group's collectives; user tags are ≥ 0. */
export const COLLECTIVE = -1;

/** Two words that name a job run in every header. */
export function jobWords(jobId: string): readonly [number, number] {
  const digest = createHash("sha256").update(jobId).digest();
  return [digest.readInt32LE(0), digest.readInt32LE(4)];
}

export interface Frame {
  readonly header: Int32Array;
  readonly body: Uint8Array;
}

/** A header of `kind`; words not named stay 0. */
export function newHeader(
  kind: Kind,
  job: readonly [number, number],
  from: number,
  context = 0,
  tag = 0,
  sequence = 0,
): Int32Array {
  const header = new Int32Array(HEADER_WORDS);
  header[Word.magic] = MAGIC;
  header[Word.kind] = kind;
  header[Word.job] = job[0];
  header[Word.job + 1] = job[1];
  header[Word.from] = from;
  header[Word.context] = context;
  header[Word.tag] = tag;
  header[Word.sequence] = sequence;
  return header;
}

/** `header` followed by a copy of `payload`, in one new piece of memory. */
export function joined(header: Int32Array, payload: Uint8Array): Uint8Array {
  const frame = new Uint8Array(HEADER_BYTES + payload.byteLength);
  frame.set(bytesOf(header), 0);
  frame.set(payload, HEADER_BYTES);
  return frame;
}

/** The frame in what a link delivered, or undefined if no rank of this job wrote it. */
export function parseFrame(
  head: Uint8Array,
  body: Uint8Array | undefined,
  job: readonly [number, number],
): Frame | undefined {
  if (head.byteLength < HEADER_BYTES || (body !== undefined && head.byteLength !== HEADER_BYTES))
    return undefined;
  const header = new Int32Array(HEADER_WORDS);
  bytesOf(header).set(head.byteLength === HEADER_BYTES ? head : head.subarray(0, HEADER_BYTES));
  if (header[Word.magic] !== MAGIC) return undefined;
  if (header[Word.job] !== job[0] || header[Word.job + 1] !== job[1]) return undefined;
  return { header, body: body ?? head.subarray(HEADER_BYTES) };
}

export function bytesOf(data: ArrayBufferView): Uint8Array {
  return data instanceof Uint8Array ? data : new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
}

export function sameSignature(a: Int32Array, aAt: number, b: Int32Array, bAt: number): boolean {
  for (let i = 0; i < SIGNATURE_WORDS; i++) if (a[aAt + i] !== b[bAt + i]) return false;
  return true;
}

/** The credit of a credit frame: all bytes its sender has read on the channel. */
export function creditOf(header: Int32Array): number {
  return new Float64Array(header.buffer, header.byteOffset + 4 * Word.flags, 1)[0]!;
}

export function setCredit(header: Int32Array, bytes: number): void {
  new Float64Array(header.buffer, header.byteOffset + 4 * Word.flags, 1)[0] = bytes;
}

export const LITTLE_ENDIAN = endianness() === "LE";
