import type { Call } from "./call.js";
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
import { complete, foldOf } from "./reduction.js";

/*
 * The collectives that have several algorithms, each call by the one that suits it (algorithms.ts).
 */

export async function broadcast(call: Call, data: NumericArray, root: number): Promise<void> {
  switch (broadcastAlgorithm(situationOf(call, data))) {
    case "tree":
      return broadcastTree(call, data, root);
    case "chain":
      return broadcastChain(call, data, root);
    case "direct":
      return broadcastDirect(call, data, root);
  }
}

/** `all` holds this rank's run already. */
export async function allgather(call: Call, counts: readonly number[], all: NumericArray): Promise<void> {
  const offsets = offsetsOf(counts);
  switch (allgatherAlgorithm(situationOf(call, all))) {
    case "ring":
      return allgatherRing(call, offsets, all);
    case "doubling":
      return allgatherDoubling(call, offsets, all);
    case "direct":
      return allgatherDirect(call, offsets, all);
  }
}

/** Overwrites `data` at the root only. */
export async function reduce<T extends NumericArray>(
  call: Call,
  data: T,
  op: ReduceOp<T>,
  root: number,
): Promise<void> {
  const isRoot = call.rank === root;
  const work = (): T => (isRoot ? data : (data.slice() as T));
  if (typeof op === "function") {
    const top = call.rank === 0;
    const accumulator = top && isRoot ? data : (data.slice() as T);
    await reduceInOrder(call, accumulator, op);
    if (root === 0) return;
    if (top) call.send(root, accumulator);
    if (isRoot) await call.receive(0, data);
    return;
  }
  switch (reduceAlgorithm(situationOf(call, data))) {
    case "tree":
      await reduceTree(call, work(), foldOf(op), root);
      break;
    case "ring":
      await reduceRing(call, work(), foldOf(op), root);
      break;
    case "direct":
      await reduceDirect(call, data, foldOf(op), root);
      break;
  }
  if (isRoot) complete(op, data, call.size);
}

export async function allreduce<T extends NumericArray>(call: Call, data: T, op: ReduceOp<T>): Promise<void> {
  if (typeof op === "function") {
    await reduceInOrder(call, data, op);
    await call.finish(); // the broadcast overwrites what was sent
    return broadcast(call, data, 0);
  }
  switch (allreduceAlgorithm(situationOf(call, data))) {
    case "doubling":
      await allreduceDoubling(call, data, foldOf(op));
      break;
    case "ring":
      await allreduceRing(call, data, foldOf(op));
      break;
    case "direct":
      await allreduceDirect(call, data, foldOf(op));
      break;
  }
  if (op !== "mean") return;
  await call.finish(); // what others still read must stay a sum
  complete(op, data, call.size);
}

/** Leaves `data` as it is. */
export async function reduceScatter<T extends NumericArray>(
  call: Call,
  data: T,
  op: ReduceOp<T>,
  counts: readonly number[],
  mine: T,
): Promise<void> {
  if (typeof op === "function") {
    const work = data.slice() as T;
    await reduceInOrder(call, work, op);
    return scatterDirect(call, work, counts, mine, 0);
  }
  const offsets = offsetsOf(counts);
  const run = [offsets[call.rank]!, offsets[call.rank + 1]!] as const;
  switch (reduceScatterAlgorithm(situationOf(call, data))) {
    case "ring": {
      const work = data.slice() as T;
      await reduceScatterRing(call, work, foldOf(op), offsets);
      mine.set(work.subarray(...run));
      break;
    }
    case "direct":
      mine.set(data.subarray(...run));
      await reduceScatterDirect(call, data, foldOf(op), offsets, mine);
      break;
  }
  complete(op, mine, call.size);
}

function situationOf(call: Call, data: NumericArray): Situation {
  return { bytes: data.byteLength, ranks: call.size, locality: call.locality };
}
