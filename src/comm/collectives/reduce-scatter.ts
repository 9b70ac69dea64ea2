import { checkRuns, plainArray } from "../calls/arguments.js";
import type { Collective } from "../calls/collective.js";
import type { Group } from "../calls/group.js";
import { reductionOf, signatureOf } from "../calls/signature.js";
import type { Fold } from "../channels/segment.js";
import type { NumericArray, ReduceOp } from "../communicator.js";
import { allgatherDirectCost, allgatherRingCost } from "./allgather.js";
import { offsetsOf } from "./blocks.js";
import { FEW_RANKS } from "./bounds.js";
import { NOTHING, type Cost, type Placement } from "./cost.js";
import { complete, foldOf } from "./folds.js";
import { reduceInOrder } from "./in-order.js";
import { scatter } from "./scatter.js";

/*
 * `data` is cut in blocks, block k elements offsets[k] … offsets[k + 1]; rank k ends with the reduction of everyone's
 * block k.
 */

export async function callReduceScatter(
  group: Group,
  data: NumericArray,
  op: ReduceOp,
  counts: readonly number[],
  mine: NumericArray,
): Promise<void> {
  const runs = checkRuns("reduceScatter", group, counts, mine, "data", data);
  const offsets = offsetsOf(counts);
  const run = [offsets[group.rank]!, offsets[group.rank + 1]!] as const;
  const signature = signatureOf("reduceScatter", { ...runs, reduction: reductionOf(op) });
  await group.run(signature, async (collective) => {
    if (typeof op === "function") {
      const work = plainArray(data).slice();
      await reduceInOrder(collective, work, op);
      return scatter(collective, work, counts, mine, 0);
    }
    if (group.size <= FEW_RANKS) {
      mine.set(data.subarray(...run));
      await reduceScatterDirect(collective, data, foldOf(op), offsets, mine);
    } else {
      const work = plainArray(data).slice();
      await reduceScatterRing(collective, work, foldOf(op), offsets);
      mine.set(work.subarray(...run));
    }
    complete(op, mine, group.size);
  });
}

/** @param runs bytes of each rank's. The messages are those of an allgather, the other way round. */
export function reduceScatterCost(place: Placement, runs: readonly number[]): Cost {
  if (place.ranks === 1) return NOTHING;
  return (place.ranks <= FEW_RANKS ? allgatherDirectCost : allgatherRingCost)(place, runs);
}

/**
 * Ring, pipelined. The partial result of block k starts at rank k + 1 and travels to the right; every rank folds its
 * own contribution and passes each segment on at once; block k is complete at rank k after P − 1 steps.
 * n·(P−1)/P bytes out of and into every rank, n·(P−1)/P elements folded.
 *
 * `data` is overwritten; its block k holds the result. `onComplete` is told of every segment of it that is complete,
 * in bytes of the block.
 *
 * Thakur, Rabenseifner, Gropp, IJHPCA 19 (2005), §4.3.
 */
export async function reduceScatterRing(
  collective: Collective,
  data: NumericArray,
  fold: Fold,
  offsets: readonly number[],
  onComplete?: (begin: number, end: number) => void,
): Promise<void> {
  const { rank, size } = collective;
  if (size === 1) return;
  const right = (rank + 1) % size;
  const left = (rank + size - 1) % size;
  const block = (k: number): NumericArray => data.subarray(offsets[k], offsets[k + 1]);
  collective.send(right, block(left));
  for (let step = 2; step <= size; step++) {
    const travelling = block((rank - step + size) % size);
    await collective.receiveFold(left, travelling, fold, (begin, end) => {
      if (step < size) collective.send(right, travelling, begin, end);
      else onComplete?.(begin, end);
    });
  }
}

/**
 * Direct: everyone sends block k to rank k, which folds them in the order of ranks after its own. One step,
 * n·(P−1)/P bytes out of and into every rank. `mine` holds this rank's own block before and the result after.
 */
export async function reduceScatterDirect(
  collective: Collective,
  data: NumericArray,
  fold: Fold,
  offsets: readonly number[],
  mine: NumericArray,
): Promise<void> {
  const { rank, size } = collective;
  for (let distance = 1; distance < size; distance++) {
    const to = (rank + distance) % size;
    collective.send(to, data.subarray(offsets[to], offsets[to + 1]));
  }
  for (let distance = 1; distance < size; distance++)
    await collective.receiveFold((rank + distance) % size, mine, fold);
}
