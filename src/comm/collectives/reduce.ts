import { checkArray, checkRank, plainArray } from "../calls/arguments.js";
import type { Collective } from "../calls/collective.js";
import type { Group } from "../calls/group.js";
import { reductionOf, signatureOf } from "../calls/signature.js";
import type { Fold } from "../channels/segment.js";
import type { NumericArray, ReduceOp } from "../communicator.js";
import { binomialTree } from "./binomial-tree.js";
import { evenOffsets, evenRuns } from "./blocks.js";
import { FEW_RANKS, MB } from "./bounds.js";
import { allgatherDirectCost, allgatherRingCost } from "./allgather.js";
import {
  firstFrame,
  groupOf,
  inTurn,
  linkOfPartners,
  messages,
  NOTHING,
  type Cost,
  type Placement,
} from "./cost.js";
import { gatherCost } from "./gather.js";
import { complete, foldOf } from "./folds.js";
import { inOrderCost, reduceInOrder } from "./in-order.js";
import { reduceScatterDirect, reduceScatterRing } from "./reduce-scatter.js";

export async function callReduce(
  group: Group,
  data: NumericArray,
  op: ReduceOp,
  root: number,
): Promise<void> {
  checkRank("reduce", "root", root, group.size);
  const dtype = checkArray("reduce", "data", data);
  const signature = signatureOf("reduce", { dtype, count: data.length, root, reduction: reductionOf(op) });
  await group.run(signature, (collective) => reduce(collective, plainArray(data), op, root));
}

/** Overwrites `data` at the root only. */
async function reduce(collective: Collective, data: NumericArray, op: ReduceOp, root: number): Promise<void> {
  const isRoot = collective.rank === root;
  if (typeof op === "function") {
    const top = collective.rank === 0;
    const accumulator = top && isRoot ? data : data.slice();
    await reduceInOrder(collective, accumulator, op);
    if (root === 0) return;
    if (top) collective.send(root, accumulator);
    if (isRoot) await collective.receive(0, data);
    return;
  }
  const algorithm = chosen(collective, data.byteLength);
  const spares = isRoot || algorithm === reduceDirect;
  await algorithm(collective, spares ? data : data.slice(), foldOf(op), root);
  if (isRoot) complete(op, data, collective.size);
}

type Algorithm = (collective: Collective, data: NumericArray, fold: Fold, root: number) => Promise<void>;

/** With a named operation, to rank 0. */
export function reduceCost(place: Placement, bytes: number): Cost {
  if (place.ranks === 1) return NOTHING;
  return costs.get(chosen(groupOf(place), bytes))!(place, bytes);
}

function chosen({ size }: Pick<Collective, "size">, bytes: number): Algorithm {
  if (bytes <= 1 * MB) return reduceTree;
  return size <= FEW_RANKS ? reduceDirect : reduceRing;
}

/**
 * Binomial tree, pipelined: every rank folds its children's contributions into its own, nearest first, and sends
 * each segment of the last one on to its parent as soon as it is folded. ⌈log₂ P⌉ hops, n bytes out per rank,
 * n·(P−1) in all. The result is in `accumulator` at the root; other ranks' accumulators hold partial results.
 *
 * Thakur, Rabenseifner, Gropp, IJHPCA 19 (2005), §4.4.
 */
export const reduceTree: Algorithm = async (collective, accumulator, fold, root) => {
  const { parent, children } = binomialTree(collective.rank, collective.size, root);
  for (const child of children) {
    const last = child === children.at(-1);
    await collective.receiveFold(child, accumulator, fold, (begin, end) => {
      if (last && parent !== undefined) collective.send(parent, accumulator, begin, end);
    });
  }
  if (children.length === 0 && parent !== undefined) collective.send(parent, accumulator);
};

/** The first frame's way up and the others behind it; or all frames of its children into the root. */
export function reduceTreeCost(place: Placement, bytes: number): Cost {
  const hops = Math.ceil(Math.log2(place.ranks));
  const links = Array.from({ length: hops }, (_, k) => linkOfPartners(place, 2 ** k, bytes));
  const whole = links.map((link, k) => messages(link, bytes, { hops: k === hops - 1 ? 1 : 0 }));
  const first = links.slice(0, -1).map((link) => firstFrame(link, bytes));
  const { frames } = inOrderCost(place, bytes);
  return {
    ways: [[...first, messages(links.at(-1)!, bytes)], whole],
    frames,
    bytes: (place.ranks - 1) * bytes,
  };
}

/**
 * Reduce-scatter, then gather, for long vectors: a ring reduces block k at rank k, which sends it to the root.
 * P steps, at most 2n·(P−1)/P bytes in or out of a rank where the tree has n·⌈log₂ P⌉. `work` is overwritten; it holds
 * the result at the root.
 *
 * Thakur, Rabenseifner, Gropp, IJHPCA 19 (2005), §4.4 (Rabenseifner's algorithm, with a ring in its first part).
 */
export const reduceRing: Algorithm = async (collective, work, fold, root) => {
  const offsets = evenOffsets(work.length, collective.size);
  const mine = blockOf(work, offsets, collective.rank);
  await reduceScatterRing(collective, work, fold, offsets, (begin, end) => {
    if (collective.rank !== root) collective.send(root, mine, begin, end);
  });
  if (collective.rank === root) await gatherBlocks(collective, work, offsets);
};

/**
 * The same for ranks that read each other's memory: everyone reads and folds a block, the root reads the results.
 * Two steps. Only the root's `data` is overwritten.
 */
export const reduceDirect: Algorithm = async (collective, data, fold, root) => {
  const offsets = evenOffsets(data.length, collective.size);
  const own = blockOf(data, offsets, collective.rank);
  const mine = collective.rank === root ? own : own.slice();
  await reduceScatterDirect(collective, data, fold, offsets, mine);
  if (collective.rank === root) await gatherBlocks(collective, data, offsets);
  else collective.send(root, mine);
};

function blockOf(data: NumericArray, offsets: readonly number[], rank: number): NumericArray {
  return data.subarray(offsets[rank], offsets[rank + 1]);
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

/** The blocks are complete at the same time, and go to the root at once. */
export function reduceRingCost(place: Placement, bytes: number): Cost {
  const runs = evenRuns(bytes, place.ranks);
  return inTurn(allgatherRingCost(place, runs), gatherCost(place, runs));
}

export function reduceDirectCost(place: Placement, bytes: number): Cost {
  const runs = evenRuns(bytes, place.ranks);
  return inTurn(allgatherDirectCost(place, runs), gatherCost(place, runs));
}

const costs = new Map<Algorithm, (place: Placement, bytes: number) => Cost>([
  [reduceTree, reduceTreeCost],
  [reduceRing, reduceRingCost],
  [reduceDirect, reduceDirectCost],
]);
