import type { Collective } from "../calls/collective.js";
import type { Fold } from "../channels/segment.js";
import type { NumericArray } from "../communicator.js";
import { binomialTree } from "./binomial-tree.js";

/**
 * Reduces by a function that may not commute, and may need whole vectors, along a binomial tree. Rank 0 is on top, so a
 * subtree is a run of ranks and contributions fold in rank order; each is received whole before it is folded.
 * ⌈log₂ P⌉ hops, n bytes out per rank, n·(P−1) in all. The result is in rank 0's `accumulator`.
 */
export async function reduceInOrder(
  collective: Collective,
  accumulator: NumericArray,
  fold: Fold,
): Promise<void> {
  const { parent, children } = binomialTree(collective.rank, collective.size, 0);
  const contribution = accumulator.slice();
  for (const child of children) {
    await collective.receive(child, contribution);
    fold(accumulator, contribution);
  }
  if (parent !== undefined) collective.send(parent, accumulator);
}
