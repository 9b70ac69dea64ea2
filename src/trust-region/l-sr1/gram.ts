/**
 * All inner products among the curvature pairs, float64, index 0 the oldest pair. Everything about B but the product
 * with a vector follows from these (docs/algorithms.md §2).
 */
export interface Gram {
  /** SᵀS, (k, k), symmetric. */
  readonly ss: readonly (readonly number[])[];
  /** SᵀY, (k, k): entry (i, j) is s_iᵀy_j. */
  readonly sy: readonly (readonly number[])[];
  /** YᵀY, (k, k), symmetric. */
  readonly yy: readonly (readonly number[])[];
}

/** Products of a new pair (s, y) with the k pairs present, and then with itself: (k+1) each. */
export interface PairProducts {
  /** Sᵀs */
  readonly ss: readonly number[];
  /** Sᵀy */
  readonly sy: readonly number[];
  /** Yᵀs */
  readonly ys: readonly number[];
  /** Yᵀy */
  readonly yy: readonly number[];
}

export const emptyGram: Gram = { ss: [], sy: [], yy: [] };

/** The Gram matrices with one pair more, the newest. */
export function withProducts({ ss, sy, yy }: Gram, added: PairProducts): Gram {
  return {
    ss: bordered(ss, added.ss, added.ss),
    sy: bordered(sy, added.sy, added.ys),
    yy: bordered(yy, added.yy, added.yy),
  };
}

/** The Gram matrices without the oldest pair. */
export function withoutOldest({ ss, sy, yy }: Gram): Gram {
  return { ss: trimmed(ss), sy: trimmed(sy), yy: trimmed(yy) };
}

/** `a` with a last column and, sharing its corner, a last row. */
function bordered(
  a: readonly (readonly number[])[],
  column: readonly number[],
  row: readonly number[],
): number[][] {
  return [...a.map((entries, i) => [...entries, column[i]!]), [...row]];
}

function trimmed(a: readonly (readonly number[])[]): number[][] {
  return a.slice(1).map((row) => row.slice(1));
}
