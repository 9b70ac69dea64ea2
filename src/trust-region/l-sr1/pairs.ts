import type { Restriction } from "../../linalg/restriction.js";
import { innerProducts, innerProductsWithTwo, type VectorSpace } from "../../linalg/space.js";
import type { Vector } from "../../linalg/vector.js";
import { emptyGram, withoutOldest, withProducts, type Gram } from "./gram.js";
import { usablePairs } from "./recursion.js";
import { spectrumOf, type Spectrum } from "./spectrum.js";

/** TCKK23 §3.1 */
export const defaultMemory = 5;

/** s = θ₊ − θ, y = ∇f₊ − ∇f of one and the same batch, (n) each. */
export interface Pair {
  readonly s: Vector;
  readonly y: Vector;
}

/**
 * The limited-memory SR1 matrix B = γI + ΨMΨᵀ, Ψ = Y − γS, of the newest pairs (docs/algorithms.md §2, BEM17 §2).
 *
 * S and Y are kept as the pairs came and Ψ is never formed: γ may change with every pair. Their Gram matrices grow
 * with each pair, so that `withPair` and `productsWith` read S and Y once each and all else is k×k in float64.
 */
export interface Pairs {
  readonly gamma: number;
  /** s_1..s_k, oldest first. */
  readonly s: readonly Vector[];
  /** y_1..y_k, oldest first. */
  readonly y: readonly Vector[];
  readonly gram: Gram;
}

export const noPairs: Pairs = { gamma: 1, s: [], y: [], gram: emptyGram };

const spectra = new WeakMap<Pairs, Spectrum>();

/** Eigenvalues and eigenvectors of B; made when first asked for. */
export function spectrumOfPairs(pairs: Pairs): Spectrum {
  let spectrum = spectra.get(pairs);
  if (!spectrum) spectra.set(pairs, (spectrum = spectrumOf(pairs.gram, pairs.gamma)));
  return spectrum;
}

/**
 * The pairs with a newest one, in place of the oldest where there are `memory` already; the same pairs where it is
 * skipped: a value that is not finite, a denominator sᵀ(y − Bs) too small (NW06 eq. 6.26), or y = Bs already.
 *
 * The pair is kept, not copied: never write to it afterwards. Reads S and Y once.
 */
export async function withPair(pairs: Pairs, space: VectorSpace, memory: number, pair: Pair): Promise<Pairs> {
  const gram = await gramWith(pairs, space, pair);
  const newest = pairs.s.length;
  const finite = Number.isFinite(gram.ss[newest]![newest]! + gram.yy[newest]![newest]!);
  if (!finite || !usablePairs(gram, pairs.gamma).includes(newest)) return pairs;
  const added = appended(pairs, pair, gram);
  return newest < memory
    ? added
    : { ...added, s: added.s.slice(1), y: added.y.slice(1), gram: withoutOldest(added.gram) };
}

/**
 * Ψᵀg, (k), and gᵀg: all a subproblem needs of a gradient beside the step's own assembly. Reads S, Y and g once.
 */
export async function productsWith(
  { gamma, s, y }: Pairs,
  space: VectorSpace,
  g: Vector,
): Promise<{ readonly psi: Float64Array; readonly square: number }> {
  const k = s.length;
  const products = await innerProducts(space, [...s, ...y, g], g);
  return {
    psi: Float64Array.from({ length: k }, (_, j) => products[k + j]! - gamma * products[j]!),
    square: products[2 * k]!,
  };
}

/**
 * What a subdomain starts from: the rows of S and Y that R_i takes (TCKK23 §3.1), with γ by its rule from the
 * restricted pairs, the whole's own where none of them has yᵀs > 0. Pairs whose step does not touch the subdomain
 * are left out.
 */
export async function restrictPairs(
  { gamma, s, y }: Pairs,
  space: VectorSpace,
  subdomain: Restriction,
): Promise<Pairs> {
  let restricted: Pairs = { ...noPairs, gamma };
  for (const [j, sj] of s.entries()) {
    const pair = { s: subdomain.restrict(sj), y: subdomain.restrict(y[j]!) };
    const gram = await gramWith(restricted, space, pair);
    const newest = restricted.s.length;
    if (gram.ss[newest]![newest]! > 0) restricted = appended(restricted, pair, gram);
  }
  return restricted;
}

/** `gram` has the pair already. γ = yᵀy / yᵀs of the newest pair if positive, else as it was: γ > 0 always. */
function appended({ gamma, s, y }: Pairs, pair: Pair, gram: Gram): Pairs {
  const newest = s.length;
  const quotient = gram.yy[newest]![newest]! / gram.sy[newest]![newest]!;
  return {
    gamma: quotient > 0 && Number.isFinite(quotient) ? quotient : gamma,
    s: [...s, pair.s],
    y: [...y, pair.y],
    gram,
  };
}

async function gramWith({ s, y, gram }: Pairs, space: VectorSpace, pair: Pair): Promise<Gram> {
  const k = s.length;
  const columns = [...s, pair.s, ...y, pair.y];
  const [withS, withY] = await innerProductsWithTwo(space, columns, pair.s, pair.y);
  return withProducts(gram, {
    ss: [...withS.subarray(0, k + 1)],
    ys: [...withS.subarray(k + 1)],
    sy: [...withY.subarray(0, k + 1)],
    yy: [...withY.subarray(k + 1)],
  });
}
