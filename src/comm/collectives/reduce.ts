import type { Collective } from "../calls/collective.js";
import type { NumericArray } from "../communicator.js";
import type { Fold } from "./reduction.js";
import { binomialTree } from "./binomial-tree.js";
import { evenOffsets } from "./blocks.js";
import { reduceScatterDirect, reduceScatterRing } from "./reduce-scatter.js";

/**
 * Binomial tree, pipelined: every rank folds its children's contributions into its own, nearest first, and sends
 * each segment of the last one on to its parent as soon as it is folded. ⌈log₂ P⌉ hops, n bytes out per rank,
 * n·(P−1) in all. The result is in `accumulator` at the root; other ranks' accumulators hold partial results.
 *
 * Thakur, Rabenseifner, Gropp, IJHPCA 19 (2005), §4.4.
 */
export async function reduceTree<T extends NumericArray>(
  collective: Collective,
  accumulator: T,
  fold: Fold<T>,
  root: number,
): Promise<void> {
  const { parent, children } = binomialTree(collective.rank, collective.size, root);
  for (const child of children) {
    const last = child === children.at(-1);
    await collective.receiveFold(child, accumulator, fold, (begin, end) => {
      if (last && parent !== undefined) collective.send(parent, accumulator, begin, end);
    });
  }
  if (children.length === 0 && parent !== undefined) collective.send(parent, accumulator);
}

/**
 * The same tree for a function that may not commute, and may need whole vectors: rank 0 is on top, so a subtree is a
 * run of ranks and contributions fold in rank order; each is received whole before it is folded.
 */
export async function reduceInOrder<T extends NumericArray>(
  collective: Collective,
  accumulator: T,
  fold: Fold<T>,
): Promise<void> {
  const { parent, children } = binomialTree(collective.rank, collective.size, 0);
  const contribution = accumulator.slice() as T;
  for (const child of children) {
    await collective.receive(child, contribution);
    fold(accumulator, contribution);
  }
  if (parent !== undefined) collective.send(parent, accumulator);
}

/**
 * Reduce-scatter, then gather, for long vectors: a ring reduces block k at rank k, which sends it to the root.
 * P steps, at most 2n·(P−1)/P bytes in or out of a rank where the tree has n·⌈log₂ P⌉. `work` is overwritten; it holds
 * the result at the root.
 *
 * Thakur, Rabenseifner, Gropp, IJHPCA 19 (2005), §4.4 (Rabenseifner's algorithm, with a ring in its first part).
 */
export async function reduceRing<T extends NumericArray>(
  collective: Collective,
  work: T,
  fold: Fold<T>,
  root: number,
): Promise<void> {
  const offsets = evenOffsets(work.length, collective.size);
  const mine = blockOf(work, offsets, collective.rank);
  await reduceScatterRing(collective, work, fold, offsets, (begin, end) => {
    if (collective.rank !== root) collective.send(root, mine, begin, end);
  });
  if (collective.rank === root) await gatherBlocks(collective, work, offsets);
}

/**
 * The same for ranks that read each other's memory: everyone reads and folds a block, the root reads the results.
 * Two steps. Only the root's `data` is overwritten.
 */
export async function reduceDirect<T extends NumericArray>(
  collective: Collective,
  data: T,
  fold: Fold<T>,
  root: number,
): Promise<void> {
  const offsets = evenOffsets(data.length, collective.size);
  const own = blockOf(data, offsets, collective.rank);
  const mine = collective.rank === root ? own : (own.slice() as T);
  await reduceScatterDirect(collective, data, fold, offsets, mine);
  if (collective.rank === root) await gatherBlocks(collective, data, offsets);
  else collective.send(root, mine);
}

function blockOf<T extends NumericArray>(data: T, offsets: readonly number[], rank: number): T {
  return data.subarray(offsets[rank], offsets[rank + 1]) as T;
}

async function gatherBlocks(
  collective: Collective,
  data: NumericArray,
  offsets: readonly number[],
): Promise<void> {
  for (let distance = 1; distance < collective.size; distance++) {
    const from = (collective.rank + distance) % collective.size;
    await collective.receive(from, blockOf(data, offsets, from));
  }
}
