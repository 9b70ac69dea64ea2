import type { Call } from "../call.js";
import type { NumericArray } from "../communicator.js";
import type { Fold } from "../reduction.js";

/**
 * Ring, pipelined. The partial result of block k starts at rank k + 1 and travels to the right; every rank folds its
 * own contribution and passes each segment on at once; block k is complete at rank k after P − 1 steps.
 * n·(P−1)/P bytes out of and into every rank, n·(P−1)/P elements folded.
 *
 * `data` is overwritten; block k is elements offsets[k] … offsets[k + 1]. `onComplete` is told of every segment of
 * this rank's block that is complete, in bytes of the block.
 *
 * Thakur, Rabenseifner, Gropp, IJHPCA 19 (2005), §4.3.
 */
export async function reduceScatterRing<T extends NumericArray>(
  call: Call,
  data: T,
  fold: Fold<T>,
  offsets: readonly number[],
  onComplete?: (begin: number, end: number) => void,
): Promise<void> {
  const { rank, size } = call;
  const right = (rank + 1) % size;
  const left = (rank + size - 1) % size;
  const block = (k: number): T => data.subarray(offsets[k], offsets[k + 1]) as T;
  call.send(right, block(left));
  for (let step = 2; step <= size; step++) {
    const travelling = block((rank - step + size) % size);
    await call.receiveFold(left, travelling, fold, (begin, end) => {
      if (step < size) call.send(right, travelling, begin, end);
      else onComplete?.(begin, end);
    });
  }
}
