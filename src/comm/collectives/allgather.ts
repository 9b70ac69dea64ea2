import { checkRuns, plainArray } from "../calls/arguments.js";
import type { Collective } from "../calls/collective.js";
import type { Group } from "../calls/group.js";
import { signatureOf } from "../calls/signature.js";
import type { NumericArray } from "../communicator.js";
import { offsetsOf } from "./blocks.js";
import { FEW_RANKS, MB } from "./bounds.js";

/*
 * Rank k's run is elements offsets[k] … offsets[k + 1] of `all`, which holds this rank's own before.
 */

export async function callAllgather(
  group: Group,
  mine: NumericArray,
  counts: readonly number[],
  all: NumericArray,
): Promise<void> {
  const runs = checkRuns("allgather", group, counts, mine, "all", all);
  await group.run(signatureOf("allgather", runs), (collective) => {
    const offsets = offsetsOf(counts);
    const own = all.subarray(offsets[group.rank], offsets[group.rank + 1]);
    if (own.buffer !== mine.buffer || own.byteOffset !== mine.byteOffset) own.set(mine);
    return allgather(collective, offsets, plainArray(all));
  });
}

type Algorithm = (collective: Collective, offsets: readonly number[], all: NumericArray) => Promise<void>;

export const allgather: Algorithm = (collective, offsets, all) =>
  chosen(collective, all.byteLength)(collective, offsets, all);

/** By the bytes of all runs together. */
function chosen({ size, locality }: Collective, bytes: number): Algorithm {
  if (size <= FEW_RANKS && (locality === "memory" || bytes <= 1 * MB)) return allgatherDirect;
  return bytes <= 1 * MB ? allgatherDoubling : allgatherRing;
}

/**
 * Ring, pipelined. Every rank sends its own run to the right, then passes on what comes from the left, segment by
 * segment, until each run has gone round: P − 1 steps, n·(P−1)/P bytes out of and into every rank.
 *
 * Thakur, Rabenseifner, Gropp, IJHPCA 19 (2005), §4.1.
 */
export const allgatherRing: Algorithm = async (collective, offsets, all) => {
  const { rank, size } = collective;
  if (size === 1) return;
  collective.send((rank + 1) % size, all.subarray(offsets[rank], offsets[rank + 1]));
  await passRound(collective, offsets, all);
};

/** The rest of the ring, after this rank's own run has been sent to the right. */
export const passRound: Algorithm = async (collective, offsets, all) => {
  const { rank, size } = collective;
  const right = (rank + 1) % size;
  const left = (rank + size - 1) % size;
  for (let step = 1; step < size; step++) {
    const from = (rank - step + size) % size;
    const run = all.subarray(offsets[from], offsets[from + 1]);
    await collective.receive(left, run, (begin, end) => {
      if (step < size - 1) collective.send(right, run, begin, end);
    });
  }
};

/**
 * Direct: everyone sends its run to everyone. One step, n·(P−1)/P bytes into every rank, and as much out of it for
 * equal runs. Ranks start with different peers, so that nobody is asked by all at once.
 */
export const allgatherDirect: Algorithm = async (collective, offsets, all) => {
  const { rank, size } = collective;
  const run = (r: number): NumericArray => all.subarray(offsets[r], offsets[r + 1]);
  for (let distance = 1; distance < size; distance++) collective.send((rank + distance) % size, run(rank));
  for (let distance = 1; distance < size; distance++) {
    const from = (rank - distance + size) % size;
    await collective.receive(from, run(from));
  }
};

/**
 * Doubling, for short runs of many ranks: in step k every rank passes the min(2^k, P − 2^k) runs it has to the rank
 * 2^k before it and gets as many from the rank 2^k behind. ⌈log₂ P⌉ steps, n·(P−1)/P bytes into every rank.
 *
 * Bruck, Ho, Kipnis, Upfal, Weathersby: Efficient algorithms for all-to-all communications, IEEE TPDS 8 (1997).
 */
export const allgatherDoubling: Algorithm = async (collective, offsets, all) => {
  const { rank, size } = collective;
  const run = (r: number): NumericArray => all.subarray(offsets[r], offsets[r + 1]);
  // This rank's run first, then those of the ranks behind it, as they come.
  const runs = Array.from({ length: size }, (_, i) => run((rank + i) % size));
  const starts = offsetsOf(runs.map(({ length }) => length));
  const held = all.slice();
  held.set(run(rank));
  for (let count = 1; count < size; count *= 2) {
    const moved = Math.min(count, size - count);
    collective.send((rank - count + size) % size, held.subarray(0, starts[moved]));
    await collective.receive((rank + count) % size, held.subarray(starts[count], starts[count + moved]));
  }
  for (const [i, target] of runs.entries()) target.set(held.subarray(starts[i], starts[i + 1]));
};
