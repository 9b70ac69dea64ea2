import * as columns from "./columns.js";
import * as partial from "./reductions.js";
import type { Vector } from "./vector.js";

export type Awaitable<T> = T | Promise<T>;

/**
 * Where vectors live: whole in this process, or cut in slices over ranks. Whoever has made partial results of the
 * entries it holds, completes them here; all ranks make the same calls and get the same bits. Many numbers travel in
 * one message. The array given is spent: it may be written over.
 */
export interface VectorSpace {
  /** n, of the whole vectors. */
  readonly dimension: number;
  /** Sums over ranks, entry by entry: inner products, squared norms, Gram matrices. */
  sum(partials: Float64Array): Awaitable<Float64Array>;
  /** Largest of all ranks, entry by entry; NaN where one is. */
  max(partials: Float64Array): Awaitable<Float64Array>;
}

/** Vectors that are whole here: partial results are complete. */
export function wholeSpace(dimension: number): VectorSpace {
  return { dimension, sum: (partials) => partials, max: (partials) => partials };
}

/** aᵀb in float64. */
export async function dot(space: VectorSpace, a: Vector, b: Vector): Promise<number> {
  return sum(space, partial.dot(a, b));
}

/** The sum over ranks of one partial result. */
export async function sum(space: VectorSpace, of: number): Promise<number> {
  return (await space.sum(Float64Array.of(of)))[0]!;
}

/** ‖a‖_∞; NaN if any entry is NaN. */
export async function normInf(space: VectorSpace, a: Vector): Promise<number> {
  return largest(space, partial.normInf(a));
}

/** ‖a − b‖_∞ */
export async function distanceInf(space: VectorSpace, a: Vector, b: Vector): Promise<number> {
  return largest(space, partial.distanceInf(a, b));
}

/** ‖a − b‖₂ */
export async function distance2(space: VectorSpace, a: Vector, b: Vector): Promise<number> {
  let here = 0;
  for (let i = 0; i < a.length; i++) here += (a[i]! - b[i]!) ** 2;
  return Math.sqrt(await sum(space, here));
}

/** Whether a and b are the same point. */
export async function same(space: VectorSpace, a: Vector, b: Vector): Promise<boolean> {
  return (await largest(space, partial.same(a, b) ? 0 : 1)) === 0;
}

async function largest(space: VectorSpace, of: number): Promise<number> {
  return (await space.max(Float64Array.of(of)))[0]!;
}

/** out[j] ← columns[j]ᵀv, in one message. */
export async function innerProducts(
  space: VectorSpace,
  of: readonly Vector[],
  v: Vector,
): Promise<Float64Array> {
  return space.sum(columns.innerProducts(of, v));
}

/** [columnsᵀu, columnsᵀv], in one message. */
export async function innerProductsWithTwo(
  space: VectorSpace,
  of: readonly Vector[],
  u: Vector,
  v: Vector,
): Promise<readonly [Float64Array, Float64Array]> {
  const partials = columns.innerProductsWithTwo(of, u, v);
  const both = await space.sum(Float64Array.of(...partials[0], ...partials[1]));
  return [both.slice(0, of.length), both.slice(of.length)];
}

/** out ← Σ coefficients[j] columns[j], summed in float64 and rounded once; returns ‖out‖₂². */
export async function combineColumns(
  space: VectorSpace,
  coefficients: readonly number[],
  of: readonly Vector[],
  out: Vector,
): Promise<number> {
  return sum(space, columns.combineColumns(coefficients, of, out));
}
