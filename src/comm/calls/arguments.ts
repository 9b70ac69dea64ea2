import { UsageError } from "../../errors.js";
import type { NumericArray } from "../communicator.js";
import { digestOf, dtypeOf, type Dtype } from "./signature.js";

/*
 * What a call is given, checked before anything is sent: a wrong argument leaves the communicator as it was.
 */

const LARGEST_MESSAGE = 2 ** 31 - 1;

/** The dtype of an array that may travel. */
export function checkArray(call: string, name: string, data: NumericArray): Dtype {
  const dtype = dtypeOf(data);
  if (dtype === undefined) {
    throw new UsageError(
      `Expected ${name} of ${call} to be a Float32Array, Float64Array, Int32Array or Uint8Array, got ${typeName(data)}.`,
    );
  }
  if (data.byteLength > LARGEST_MESSAGE) {
    throw new UsageError(
      `Expected ${name} of ${call} to be below 2 GiB, got ${data.byteLength} bytes. Send it in several calls.`,
    );
  }
  return dtype;
}

export function checkRank(call: string, name: string, rank: number, size: number): void {
  if (!Number.isInteger(rank) || rank < 0 || rank >= size) {
    throw new UsageError(
      `Expected ${name} of ${call} to be a rank from 0 to ${size - 1}, got ${shown(rank)}.`,
    );
  }
}

export function checkTag(call: string, tag: number): void {
  if (!Number.isInteger(tag) || tag < 0 || tag > 2 ** 31 - 2) {
    throw new UsageError(
      `Expected the tag of ${call} to be an integer from 0 to 2^31 − 2, got ${shown(tag)}.`,
    );
  }
}

function checkLength(call: string, name: string, data: NumericArray, length: number): void {
  if (data.length !== length) {
    throw new UsageError(`Expected ${name} of ${call} to have ${length} elements, got ${data.length}.`);
  }
}

/** Returns Σcounts. */
function checkCounts(call: string, counts: readonly number[], size: number): number {
  if (counts.length !== size) {
    throw new UsageError(
      `Expected counts of ${call} to have one entry for each of ${size} ranks, got ${counts.length}.`,
    );
  }
  let total = 0;
  for (const count of counts) {
    if (!Number.isInteger(count) || count < 0) {
      throw new UsageError(`Expected counts of ${call} to be integers ≥ 0, got ${count}.`);
    }
    total += count;
  }
  return total;
}

export interface Runs {
  readonly dtype: Dtype;
  /** Elements of the whole. */
  readonly count: number;
  readonly digest: number;
}

/** This rank's run of `counts`, and the whole it belongs to where this rank has it. */
export function checkRuns(
  call: string,
  { rank, size }: { readonly rank: number; readonly size: number },
  counts: readonly number[],
  mine: NumericArray,
  name: string,
  whole: NumericArray | undefined,
): Runs {
  const dtype = checkArray(call, "mine", mine);
  const count = checkCounts(call, counts, size);
  checkLength(call, "mine", mine, counts[rank]!);
  if (whole !== undefined) {
    const found = checkArray(call, name, whole);
    if (found !== dtype) throw new UsageError(`Expected ${name} of ${call} to be ${dtype}, got ${found}.`);
    checkLength(call, name, whole, count);
  }
  return { dtype, count, digest: digestOf(counts) };
}

/** The argument that the root must give; undefined elsewhere, where it is not read. */
export function givenToRoot<T>(call: string, isRoot: boolean, all: T | undefined): T | undefined {
  if (!isRoot) return undefined;
  if (all === undefined) throw new TypeError(`Expected the root of ${call} to pass \`all\`, got undefined.`);
  return all;
}

/** A Buffer as what it is beneath: its own `slice` does not copy. */
export function plainArray(data: NumericArray): NumericArray {
  return Buffer.isBuffer(data) ? new Uint8Array(data.buffer, data.byteOffset, data.byteLength) : data;
}

/** An argument that should be a number, in a word: of an array its type alone. */
function shown(value: unknown): string {
  return typeof value === "number" ? String(value) : typeName(value);
}

function typeName(value: unknown): string {
  return typeof value === "object" && value !== null ? value.constructor.name : typeof value;
}
