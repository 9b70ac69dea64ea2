/**
 * Tall matrices as a few long columns, (n, k) with n in the millions and k about ten: products with one or two
 * vectors, and combinations. Sums are float64 and in an order fixed by n alone (ALGORITHMS §9).
 *
 * All run block by block, so that each column is read from memory once while the vectors it meets stay in the cache,
 * and several columns at a time, so that an entry is loaded and widened once for several products: V8 does not
 * vectorise, and these loops are bound by instructions before they are by memory.
 */
import type { Vector } from "./vector.js";

/** Entries of a block: 16 KB of each of the vectors a loop has in hand. */
const BLOCK = 4096;

/** out[j] ← columns[j]ᵀv. Reads every column and v once. */
export function innerProducts(columns: readonly Vector[], v: Vector): Float64Array {
  const last = columns.length - 1;
  const sums = new Float64Array(columns.length + 3);
  for (let from = 0; from < v.length; from += BLOCK) {
    const to = Math.min(v.length, from + BLOCK);
    for (let j = 0; j <= last; j += 4) {
      // A group short of four is filled up with the last column; its sums fall off the end below.
      const b = columns[Math.min(j + 1, last)]!;
      const c = columns[Math.min(j + 2, last)]!;
      const d = columns[Math.min(j + 3, last)]!;
      fourByOne(columns[j]!, b, c, d, v, from, to, sums, j);
    }
  }
  return sums.slice(0, columns.length);
}

/** [columnsᵀu, columnsᵀv]. Reads every column, u and v once. */
export function innerProductsWithTwo(
  columns: readonly Vector[],
  u: Vector,
  v: Vector,
): readonly [Float64Array, Float64Array] {
  const last = columns.length - 1;
  const withU = new Float64Array(columns.length + 1);
  const withV = new Float64Array(columns.length + 1);
  for (let from = 0; from < u.length; from += BLOCK) {
    const to = Math.min(u.length, from + BLOCK);
    for (let j = 0; j <= last; j += 2) {
      twoByTwo(columns[j]!, columns[Math.min(j + 1, last)]!, u, v, from, to, withU, withV, j);
    }
  }
  return [withU.slice(0, columns.length), withV.slice(0, columns.length)];
}

/**
 * out ← Σ coefficients[j] columns[j], summed in float64 and rounded once. Returns ‖out‖₂². Reads every column once,
 * writes out once.
 */
export function combineColumns(
  coefficients: readonly number[],
  columns: readonly Vector[],
  out: Vector,
): number {
  const last = columns.length - 1;
  const padded = new Float64Array(columns.length + 3);
  padded.set(coefficients);
  const sums = new Float64Array(Math.min(BLOCK, out.length));
  let square = 0;
  for (let from = 0; from < out.length; from += BLOCK) {
    const block = sums.subarray(0, Math.min(BLOCK, out.length - from));
    block.fill(0);
    for (let j = 0; j <= last; j += 4) {
      const b = columns[Math.min(j + 1, last)]!;
      const c = columns[Math.min(j + 2, last)]!;
      const d = columns[Math.min(j + 3, last)]!;
      addFour(padded, j, columns[j]!, b, c, d, from, block);
    }
    square += roundInto(out, from, block);
  }
  return square;
}

function fourByOne(
  a: Vector,
  b: Vector,
  c: Vector,
  d: Vector,
  v: Vector,
  from: number,
  to: number,
  sums: Float64Array,
  at: number,
): void {
  let av = 0;
  let bv = 0;
  let cv = 0;
  let dv = 0;
  for (let i = from; i < to; i++) {
    const vi = v[i]!;
    av += a[i]! * vi;
    bv += b[i]! * vi;
    cv += c[i]! * vi;
    dv += d[i]! * vi;
  }
  sums[at]! += av;
  sums[at + 1]! += bv;
  sums[at + 2]! += cv;
  sums[at + 3]! += dv;
}

function twoByTwo(
  a: Vector,
  b: Vector,
  u: Vector,
  v: Vector,
  from: number,
  to: number,
  withU: Float64Array,
  withV: Float64Array,
  at: number,
): void {
  let au = 0;
  let av = 0;
  let bu = 0;
  let bv = 0;
  for (let i = from; i < to; i++) {
    const ai = a[i]!;
    const bi = b[i]!;
    const ui = u[i]!;
    const vi = v[i]!;
    au += ai * ui;
    av += ai * vi;
    bu += bi * ui;
    bv += bi * vi;
  }
  withU[at]! += au;
  withV[at]! += av;
  withU[at + 1]! += bu;
  withV[at + 1]! += bv;
}

function addFour(
  coefficients: Float64Array,
  at: number,
  a: Vector,
  b: Vector,
  c: Vector,
  d: Vector,
  from: number,
  sums: Float64Array,
): void {
  const p = coefficients[at]!;
  const q = coefficients[at + 1]!;
  const r = coefficients[at + 2]!;
  const t = coefficients[at + 3]!;
  for (let i = 0; i < sums.length; i++) {
    const k = from + i;
    sums[i]! += p * a[k]! + q * b[k]! + (r * c[k]! + t * d[k]!);
  }
}

/** out[from..] ← block; returns the sum of squares of what was written. */
function roundInto(out: Vector, from: number, block: Float64Array): number {
  let square = 0;
  for (let i = 0; i < block.length; i++) {
    const rounded = Math.fround(block[i]!);
    out[from + i] = rounded;
    square += rounded * rounded;
  }
  return square;
}
