import type { Collective } from "./calls/collective.js";
import {
  allgatherAlgorithm,
  allreduceAlgorithm,
  broadcastAlgorithm,
  reduceAlgorithm,
  reduceScatterAlgorithm,
  type Situation,
} from "./algorithms.js";
import { allgatherDirect, allgatherDoubling, allgatherRing } from "./collectives/allgather.js";
import { allreduceDirect, allreduceDoubling, allreduceRing } from "./collectives/allreduce.js";
import { offsetsOf } from "./collectives/blocks.js";
import { broadcastChain, broadcastDirect, broadcastTree } from "./collectives/broadcast.js";
import { reduceDirect, reduceInOrder, reduceRing, reduceTree } from "./collectives/reduce.js";
import { reduceScatterDirect, reduceScatterRing } from "./collectives/reduce-scatter.js";
import { scatterDirect } from "./collectives/scatter.js";
import type { NumericArray, ReduceOp } from "./communicator.js";
import { complete, foldOf } from "./collectives/reduction.js";

/*
 * The collectives that have several algorithms, each call by the one that suits it (algorithms.ts).
 */

export async function broadcast(collective: Collective, data: NumericArray, root: number): Promise<void> {
  switch (broadcastAlgorithm(situationOf(collective, data))) {
    case "tree":
      return broadcastTree(collective, data, root);
    case "chain":
      return broadcastChain(collective, data, root);
    case "direct":
      return broadcastDirect(collective, data, root);
  }
}

/** `all` holds this rank's run already. */
export async function allgather(
  collective: Collective,
  counts: readonly number[],
  all: NumericArray,
): Promise<void> {
  const offsets = offsetsOf(counts);
  switch (allgatherAlgorithm(situationOf(collective, all))) {
    case "ring":
      return allgatherRing(collective, offsets, all);
    case "doubling":
      return allgatherDoubling(collective, offsets, all);
    case "direct":
      return allgatherDirect(collective, offsets, all);
  }
}

/** Overwrites `data` at the root only. */
export async function reduce<T extends NumericArray>(
  collective: Collective,
  data: T,
  op: ReduceOp<T>,
  root: number,
): Promise<void> {
  const isRoot = collective.rank === root;
  const work = (): T => (isRoot ? data : (data.slice() as T));
  if (typeof op === "function") {
    const top = collective.rank === 0;
    const accumulator = top && isRoot ? data : (data.slice() as T);
    await reduceInOrder(collective, accumulator, op);
    if (root === 0) return;
    if (top) collective.send(root, accumulator);
    if (isRoot) await collective.receive(0, data);
    return;
  }
  switch (reduceAlgorithm(situationOf(collective, data))) {
    case "tree":
      await reduceTree(collective, work(), foldOf(op), root);
      break;
    case "ring":
      await reduceRing(collective, work(), foldOf(op), root);
      break;
    case "direct":
      await reduceDirect(collective, data, foldOf(op), root);
      break;
  }
  if (isRoot) complete(op, data, collective.size);
}

export async function allreduce<T extends NumericArray>(
  collective: Collective,
  data: T,
  op: ReduceOp<T>,
): Promise<void> {
  if (typeof op === "function") {
    await reduceInOrder(collective, data, op);
    await collective.finish(); // the broadcast overwrites what was sent
    return broadcast(collective, data, 0);
  }
  switch (allreduceAlgorithm(situationOf(collective, data))) {
    case "doubling":
      await allreduceDoubling(collective, data, foldOf(op));
      break;
    case "ring":
      await allreduceRing(collective, data, foldOf(op));
      break;
    case "direct":
      await allreduceDirect(collective, data, foldOf(op));
      break;
  }
  if (op !== "mean") return;
  await collective.finish(); // what others still read must stay a sum
  complete(op, data, collective.size);
}

/** Leaves `data` as it is. */
export async function reduceScatter<T extends NumericArray>(
  collective: Collective,
  data: T,
  op: ReduceOp<T>,
  counts: readonly number[],
  mine: T,
): Promise<void> {
  if (typeof op === "function") {
    const work = data.slice() as T;
    await reduceInOrder(collective, work, op);
    return scatterDirect(collective, work, counts, mine, 0);
  }
  const offsets = offsetsOf(counts);
  const run = [offsets[collective.rank]!, offsets[collective.rank + 1]!] as const;
  switch (reduceScatterAlgorithm(situationOf(collective, data))) {
    case "ring": {
      const work = data.slice() as T;
      await reduceScatterRing(collective, work, foldOf(op), offsets);
      mine.set(work.subarray(...run));
      break;
    }
    case "direct":
      mine.set(data.subarray(...run));
      await reduceScatterDirect(collective, data, foldOf(op), offsets, mine);
      break;
  }
  complete(op, mine, collective.size);
}

function situationOf(collective: Collective, data: NumericArray): Situation {
  return { bytes: data.byteLength, ranks: collective.size, locality: collective.locality };
}
