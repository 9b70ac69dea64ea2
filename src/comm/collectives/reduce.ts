import type { Call } from "../call.js";
import type { NumericArray } from "../communicator.js";
import type { Fold } from "../reduction.js";
import { binomialTree } from "./binomial-tree.js";

/**
 * Binomial tree, pipelined: every rank folds its children's contributions into its own, nearest first, and sends
 * each segment of the last one on to its parent as soon as it is folded. ⌈log₂ P⌉ hops, n bytes out per rank,
 * n·(P−1) in all. The result is at `root` in `accumulator`; other ranks' accumulators hold partial results.
 *
 * Subtrees are contiguous runs of ranks from the root on, so with root 0 contributions fold in rank order, as an
 * operation that does not commute needs.
 *
 * Thakur, Rabenseifner, Gropp, IJHPCA 19 (2005), §4.4.
 */
export async function reduceTree<T extends NumericArray>(
  call: Call,
  accumulator: T,
  fold: Fold<T>,
  root: number,
): Promise<void> {
  const { parent, children } = binomialTree(call.rank, call.size, root);
  for (const child of children) {
    const last = child === children.at(-1);
    await call.receiveFold(child, accumulator, fold, (begin, end) => {
      if (last && parent !== undefined) call.send(parent, accumulator, begin, end);
    });
  }
  if (children.length === 0 && parent !== undefined) call.send(parent, accumulator);
}
