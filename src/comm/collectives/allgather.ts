import type { Call } from "../call.js";
import type { NumericArray } from "../communicator.js";
import { offsetsOf } from "./blocks.js";

/**
 * Ring, pipelined. Every rank sends its own run to the right, then passes on what comes from the left, segment by
 * segment, until each run has gone round: P − 1 steps, n·(P−1)/P bytes out of and into every rank.
 *
 * `all` holds this rank's run already.
 *
 * Thakur, Rabenseifner, Gropp, IJHPCA 19 (2005), §4.1.
 */
export async function allgatherRing(call: Call, counts: readonly number[], all: NumericArray): Promise<void> {
  const { rank, size } = call;
  if (size === 1) return;
  const right = (rank + 1) % size;
  const left = (rank + size - 1) % size;
  const offsets = offsetsOf(counts);
  const run = (r: number): NumericArray => all.subarray(offsets[r], offsets[r + 1]);
  call.send(right, run(rank));
  for (let step = 1; step < size; step++) {
    const block = run((rank - step + size) % size);
    const onward = step < size - 1;
    await call.receive(left, block, (begin, end) => {
      if (onward) call.send(right, block, begin, end);
    });
  }
}
