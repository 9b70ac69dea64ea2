/**
 * Sums and largest entries over the entries of a vector that this process holds. Of a vector cut over ranks they are
 * partial: code that may meet one takes them from the `VectorSpace` it works in.
 *
 * The loops are unrolled by four: V8 does not vectorise, and the unrolled form runs near twice as fast.
 */
import { BLOCK, blockOf, vectorKernels } from "./vector-kernels.js";
import type { Vector } from "./vector.js";

/** Of shorter vectors the loop is done before a block is copied. */
const LEAST = 64;

/** Σ aᵢbᵢ in float64. Four partial sums, combined in a fixed order. */
export function dot(a: Vector, b: Vector): number {
  const n = a.length;
  let s0 = 0;
  let s1 = 0;
  let s2 = 0;
  let s3 = 0;
  let i = 0;
  for (; i + 3 < n; i += 4) {
    s0 += a[i]! * b[i]!;
    s1 += a[i + 1]! * b[i + 1]!;
    s2 += a[i + 2]! * b[i + 2]!;
    s3 += a[i + 3]! * b[i + 3]!;
  }
  for (; i < n; i++) s0 += a[i]! * b[i]!;
  return s0 + s1 + (s2 + s3);
}

/** ‖a‖_∞; NaN if any entry is NaN. */
export function normInf(a: Vector): number {
  const kernels = a.length < LEAST ? undefined : vectorKernels();
  if (kernels === undefined) return normInfPlainly(a);
  const [block] = kernels.blocks;
  let largest = 0;
  for (let from = 0; from < a.length; from += BLOCK) {
    const part = blockOf(a, from);
    block.set(part);
    largest = Math.max(largest, kernels.largest(part.length, block.byteOffset)); // NaN where one is
  }
  return largest;
}

/** The same as a loop: for short vectors, and what the kernel is tested against. */
export function normInfPlainly(a: Vector): number {
  let largest = 0;
  for (let i = 0; i < a.length; i++) largest = Math.max(largest, Math.abs(a[i]!));
  return largest;
}

/** Whether a and b are the same point. */
export function same(a: Vector, b: Vector): boolean {
  return a === b || a.every((value, i) => value === b[i]);
}

/** ‖a − b‖_∞ */
export function distanceInf(a: Vector, b: Vector): number {
  let largest = 0;
  for (let i = 0; i < a.length; i++) {
    const magnitude = Math.abs(a[i]! - b[i]!);
    if (magnitude > largest) largest = magnitude;
  }
  return largest;
}
