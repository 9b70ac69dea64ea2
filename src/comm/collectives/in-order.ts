import type { Collective } from "../calls/collective.js";
import type { Fold } from "../channels/segment.js";
import type { NumericArray } from "../communicator.js";
import { binomialTree } from "./binomial-tree.js";
import { linkOfPartners, messages, NOTHING, type Cost, type Placement } from "./cost.js";

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

/** A whole message at each of ⌈log₂ P⌉ hops, to or from rank 0. */
export function inOrderCost(place: Placement, bytes: number): Cost {
  if (place.ranks === 1) return NOTHING;
  const hops = Math.ceil(Math.log2(place.ranks));
  const way = Array.from({ length: hops }, (_, k) => messages(linkOfPartners(place, 2 ** k, bytes), bytes));
  const frames = way.reduce((sum, leg, k) => sum + senders(place.ranks, 2 ** k) * leg.frames, 0);
  return { ways: [way], frames, bytes: (place.ranks - 1) * bytes };
}

/** Ranks whose lowest set bit is `bit`: those that send to the rank so far before them. */
function senders(ranks: number, bit: number): number {
  return Math.floor((ranks - 1 + bit) / (2 * bit));
}
