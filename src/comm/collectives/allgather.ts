import type { Call } from "../call.js";
import type { NumericArray } from "../communicator.js";

/*
 * Rank k's run is elements offsets[k] … offsets[k + 1] of `all`, which holds this rank's own before.
 */

/**
 * Ring, pipelined. Every rank sends its own run to the right, then passes on what comes from the left, segment by
 * segment, until each run has gone round: P − 1 steps, n·(P−1)/P bytes out of and into every rank.
 *
 * Thakur, Rabenseifner, Gropp, IJHPCA 19 (2005), §4.1.
 */
export async function allgatherRing(
  call: Call,
  offsets: readonly number[],
  all: NumericArray,
): Promise<void> {
  const { rank, size } = call;
  if (size === 1) return;
  const right = (rank + 1) % size;
  const left = (rank + size - 1) % size;
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

/**
 * Direct: everyone sends its run to everyone. One step, n·(P−1)/P bytes into every rank, and as much out of it for
 * equal runs. Ranks start with different peers, so that nobody is asked by all at once.
 */
export async function allgatherDirect(
  call: Call,
  offsets: readonly number[],
  all: NumericArray,
): Promise<void> {
  const { rank, size } = call;
  const run = (r: number): NumericArray => all.subarray(offsets[r], offsets[r + 1]);
  for (let distance = 1; distance < size; distance++) call.send((rank + distance) % size, run(rank));
  for (let distance = 1; distance < size; distance++) {
    const from = (rank - distance + size) % size;
    await call.receive(from, run(from));
  }
}
