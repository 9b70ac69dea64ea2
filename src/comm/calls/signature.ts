import type { NumericArray, ReduceOp } from "../communicator.js";
import { Word, word } from "../transport/wire.js";

/** Every operation that travels in a header. The order is part of the wire format. */
const OPERATIONS = [
  "send",
  "barrier",
  "broadcast",
  "scatter",
  "gather",
  "allgather",
  "reduce",
  "allreduce",
  "reduceScatter",
  "broadcastObject",
  "gatherObject",
  "allgatherObject",
  "split",
] as const;
export type Operation = (typeof OPERATIONS)[number];

const DTYPES = ["float32", "float64", "int32", "bytes", "object", "nothing"] as const;
export type Dtype = (typeof DTYPES)[number];

const REDUCTIONS = ["none", "sum", "mean", "max", "min", "function"] as const;
export type Reduction = (typeof REDUCTIONS)[number];

/** What all ranks must agree on in one collective call; travels in the header of each of its messages. */
export interface Signature {
  readonly operation: Operation;
  readonly dtype: Dtype;
  readonly reduction: Reduction;
  /** Rank in the group; 0 where the operation has none. */
  readonly root: number;
  /** Elements; for operations with counts, their sum. */
  readonly count: number;
  /** Hash of uneven counts, so that different ones with one sum are told apart; 0 without counts. */
  readonly digest: number;
}

/** The signature of a call to `operation`, with nothing else to agree on but what is given. */
export function signatureOf(
  operation: Operation,
  given: Partial<Omit<Signature, "operation">> = {},
): Signature {
  return { operation, dtype: "nothing", reduction: "none", root: 0, count: 0, digest: 0, ...given };
}

const DTYPE_OF = new Map<string, Dtype>([
  ["Float32Array", "float32"],
  ["Float64Array", "float64"],
  ["Int32Array", "int32"],
  ["Uint8Array", "bytes"],
]);

/** A Buffer is bytes; other views (DataView, Int16Array, …) have no dtype. */
export function dtypeOf(data: NumericArray): Dtype | undefined {
  if (data instanceof Uint8Array) return "bytes";
  return DTYPE_OF.get(data.constructor.name);
}

export function reductionOf(op: ReduceOp): Reduction {
  return typeof op === "function" ? "function" : op;
}

/** FNV-1a over the counts, as a signed 32-bit integer. */
export function digestOf(counts: readonly number[]): number {
  let hash = 0x811c9dc5;
  for (const count of counts) hash = Math.imul(hash ^ count, 0x01000193);
  return hash | 0;
}

/** Writes the signature to a head, as six 32-bit words. */
export function encodeSignature(signature: Signature, head: Buffer): void {
  const at = 4 * Word.signature;
  head.writeInt32LE(OPERATIONS.indexOf(signature.operation), at);
  head.writeInt32LE(DTYPES.indexOf(signature.dtype), at + 4);
  head.writeInt32LE(REDUCTIONS.indexOf(signature.reduction), at + 8);
  head.writeInt32LE(signature.root, at + 12);
  head.writeInt32LE(signature.count, at + 16);
  head.writeInt32LE(signature.digest, at + 20);
}

export function decodeSignature(head: Buffer): Signature {
  const at = 4 * Word.signature;
  return {
    operation: OPERATIONS[head.readInt32LE(at)] ?? "send",
    dtype: DTYPES[head.readInt32LE(at + 4)] ?? "nothing",
    reduction: REDUCTIONS[head.readInt32LE(at + 8)] ?? "none",
    root: head.readInt32LE(at + 12),
    count: head.readInt32LE(at + 16),
    digest: head.readInt32LE(at + 20),
  };
}

const ROOTED = /^(broadcast|scatter|gather|reduce)(Object)?$/;

/** "allreduce #12 (10 float32, sum)", "broadcast #3 (4 int32, root 1)". */
export function describeCall(signature: Signature, sequence: number): string {
  const details: string[] = [];
  if (signature.dtype !== "object" && signature.dtype !== "nothing") {
    details.push(`${signature.count} ${signature.dtype}`);
  }
  if (signature.digest !== 0) details.push(`counts ${(signature.digest >>> 0).toString(16)}`);
  if (signature.reduction !== "none") details.push(signature.reduction);
  if (ROOTED.test(signature.operation)) details.push(`root ${signature.root}`);
  const suffix = details.length > 0 ? ` (${details.join(", ")})` : "";
  return `${signature.operation} #${sequence}${suffix}`;
}

/** The call a message's head tells of. */
export function describeHead(head: Buffer): string {
  return describeCall(decodeSignature(head), word(head, Word.sequence));
}
