/**
 * Tall matrices as a few long columns, (n, k) with n in the millions and k about ten: products with one or two
 * vectors, and combinations. Sums are float64 and in an order fixed by n alone (docs/algorithms.md §9).
 *
 * All run block by block, so that each column is read from memory once while the vectors it meets stay in the cache,
 * and several columns at a time, so that an entry is loaded and widened once for several products: V8 does not
 * vectorise, and these loops are bound by instructions before they are by memory. The widths are the fastest measured
 * (bench/trust-region); a last group short of columns is filled up with the last one, to no effect.
 */
import type { Vector } from "./vector.js";

/** Entries of a block: 32 KB of a vector. */
const BLOCK = 8192;

/** out[j] ← columns[j]ᵀv. Reads every column and v once. */
export function innerProducts(columns: readonly Vector[], v: Vector): Float64Array {
  const k = columns.length;
  const sums = new Float64Array(k + 5);
  for (let from = 0; from < v.length; from += BLOCK) {
    const to = Math.min(v.length, from + BLOCK);
    for (let j = 0; j < k; j += 6) sixByOne(columns, j, v, from, to, sums);
  }
  return sums.slice(0, k);
}

/** [columnsᵀu, columnsᵀv]. Reads every column, u and v once. */
export function innerProductsWithTwo(
  columns: readonly Vector[],
  u: Vector,
  v: Vector,
): readonly [Float64Array, Float64Array] {
  const k = columns.length;
  const withU = new Float64Array(k + 3);
  const withV = new Float64Array(k + 3);
  for (let from = 0; from < u.length; from += BLOCK) {
    const to = Math.min(u.length, from + BLOCK);
    for (let j = 0; j < k; j += 4) fourByTwo(columns, j, u, v, from, to, withU, withV);
  }
  return [withU.slice(0, k), withV.slice(0, k)];
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
  const k = columns.length;
  const sums = new Float64Array(Math.min(BLOCK, out.length));
  let square = 0;
  for (let from = 0; from < out.length; from += BLOCK) {
    const to = Math.min(out.length, from + BLOCK);
    sums.fill(0);
    for (let j = 0; j < k; j += 6) addSix(coefficients, columns, j, from, to, sums);
    square += roundInto(out, from, to, sums);
  }
  return square;
}

/** sums[j..j+5] += columns[j..j+5]ᵀv over [from, to). */
function sixByOne(
  columns: readonly Vector[],
  j: number,
  v: Vector,
  from: number,
  to: number,
  sums: Float64Array,
): void {
  const [a, b, c, d, e, f] = group(columns, j);
  let av = 0;
  let bv = 0;
  let cv = 0;
  let dv = 0;
  let ev = 0;
  let fv = 0;
  for (let i = from; i < to; i++) {
    const vi = v[i]!;
    av += a[i]! * vi;
    bv += b[i]! * vi;
    cv += c[i]! * vi;
    dv += d[i]! * vi;
    ev += e[i]! * vi;
    fv += f[i]! * vi;
  }
  sums[j]! += av;
  sums[j + 1]! += bv;
  sums[j + 2]! += cv;
  sums[j + 3]! += dv;
  sums[j + 4]! += ev;
  sums[j + 5]! += fv;
}

/** withU[j..j+3] += columns[j..j+3]ᵀu and withV likewise, over [from, to). */
function fourByTwo(
  columns: readonly Vector[],
  j: number,
  u: Vector,
  v: Vector,
  from: number,
  to: number,
  withU: Float64Array,
  withV: Float64Array,
): void {
  const [a, b, c, d] = group(columns, j);
  let au = 0;
  let av = 0;
  let bu = 0;
  let bv = 0;
  let cu = 0;
  let cv = 0;
  let du = 0;
  let dv = 0;
  for (let i = from; i < to; i++) {
    const ui = u[i]!;
    const vi = v[i]!;
    const ai = a[i]!;
    const bi = b[i]!;
    const ci = c[i]!;
    const di = d[i]!;
    au += ai * ui;
    av += ai * vi;
    bu += bi * ui;
    bv += bi * vi;
    cu += ci * ui;
    cv += ci * vi;
    du += di * ui;
    dv += di * vi;
  }
  withU[j]! += au;
  withV[j]! += av;
  withU[j + 1]! += bu;
  withV[j + 1]! += bv;
  withU[j + 2]! += cu;
  withV[j + 2]! += cv;
  withU[j + 3]! += du;
  withV[j + 3]! += dv;
}

/** sums += Σ coefficients[j..j+5] columns[j..j+5] over [from, to); a coefficient that is missing is zero. */
function addSix(
  coefficients: readonly number[],
  columns: readonly Vector[],
  j: number,
  from: number,
  to: number,
  sums: Float64Array,
): void {
  const [a, b, c, d, e, f] = group(columns, j);
  const [p = 0, q = 0, r = 0, s = 0, t = 0, u = 0] = coefficients.slice(j, j + 6);
  for (let i = from; i < to; i++) {
    sums[i - from]! += p * a[i]! + q * b[i]! + r * c[i]! + (s * d[i]! + t * e[i]! + u * f[i]!);
  }
}

/** out[from..to) ← sums; returns the sum of squares of what was written. */
function roundInto(out: Vector, from: number, to: number, sums: Float64Array): number {
  let square = 0;
  for (let i = from; i < to; i++) {
    const rounded = Math.fround(sums[i - from]!);
    out[i] = rounded;
    square += rounded * rounded;
  }
  return square;
}

type Six = readonly [Vector, Vector, Vector, Vector, Vector, Vector];

/** Six columns from the j-th on, the last one repeated where there are no more. */
function group(columns: readonly Vector[], j: number): Six {
  const at = (i: number): Vector => columns[Math.min(i, columns.length - 1)]!;
  return [at(j), at(j + 1), at(j + 2), at(j + 3), at(j + 4), at(j + 5)];
}
