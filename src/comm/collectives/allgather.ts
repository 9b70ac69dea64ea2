import { checkRuns, plainArray } from "../calls/arguments.js";
import type { Collective } from "../calls/collective.js";
import type { Group } from "../calls/group.js";
import { signatureOf } from "../calls/signature.js";
import { framesOf } from "../channels/frame-size.js";
import type { NumericArray } from "../communicator.js";
import type { Locality } from "../transport/transport.js";
import { offsetsOf } from "./blocks.js";
import { FEW_RANKS, MB } from "./bounds.js";
import {
  firstFrame,
  groupOf,
  isOneHost,
  linkOfShift,
  messages,
  NOTHING,
  otherFrames,
  within,
  type Cost,
  type Leg,
  type Placement,
} from "./cost.js";

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

/** @param runs bytes of each rank's */
export function allgatherCost(place: Placement, runs: readonly number[]): Cost {
  if (place.ranks === 1) return NOTHING;
  const algorithm = chosen(
    groupOf(place),
    runs.reduce((a, b) => a + b, 0),
  );
  return costs.get(algorithm)!(place, runs);
}

/** @param bytes of all runs together */
function chosen({ size, locality }: Pick<Collective, "size" | "locality">, bytes: number): Algorithm {
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

/** The longest run's way round, frame behind frame; or all runs but the shortest one through one rank. */
export function allgatherRingCost(place: Placement, runs: readonly number[]): Cost {
  const { ranks, perHost } = place;
  const longest = Math.max(...runs);
  const slowest = linkOfShift(place, longest);
  const crossings = isOneHost(place) ? 0 : Math.min(Math.ceil(ranks / perHost), ranks - 1);
  const hop = (link: Locality) => firstFrame(link, longest);
  const others = [...runs].sort((a, b) => b - a).slice(0, -1);
  const frames = others.reduce((sum, run) => sum + framesOf(run, slowest), 0);
  const bytes = others.reduce((a, b) => a + b, 0);
  return {
    ways: [
      [
        scaled(hop("network"), crossings),
        scaled(hop(within(place, longest)), ranks - 1 - crossings),
        otherFrames(slowest, longest),
      ],
      [{ link: slowest, hops: 1, frames, bytes, sharers: 1 }],
    ],
    ...roundFor(place, runs),
  };
}

function scaled(leg: Leg, count: number): Leg {
  return { ...leg, hops: count * leg.hops, frames: count * leg.frames, bytes: count * leg.bytes };
}

/** Every run goes to every other rank. */
function roundFor(place: Placement, runs: readonly number[]): Pick<Cost, "frames" | "bytes"> {
  const others = place.ranks - 1;
  return {
    frames: others * runs.reduce((sum, run) => sum + framesOf(run, linkOfShift(place, run)), 0),
    bytes: others * runs.reduce((a, b) => a + b, 0),
  };
}

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

/** Out of the rank with the longest run, and into that with the shortest; from memory runs are only read. */
export function allgatherDirectCost(place: Placement, runs: readonly number[]): Cost {
  const { ranks, perHost } = place;
  const longest = Math.max(...runs);
  const beside = Math.min(ranks, perHost) - 1;
  const link = within(place, longest);
  const near = messages(link, longest, { count: beside, hops: isOneHost(place) ? 1 : 0 });
  const into = runs.reduce((a, b) => a + b, 0) - Math.min(...runs);
  const own = link === "memory" && isOneHost(place) ? { ...near, bytes: into } : near;
  const far = messages("network", longest, { count: ranks - 1 - beside, hops: 1, sharers: perHost });
  return { ways: [isOneHost(place) ? [own] : [own, far]], ...directly(place, runs) };
}

/** As `roundFor`, but over the links that each pair of ranks has. */
function directly(place: Placement, runs: readonly number[]): Pick<Cost, "frames" | "bytes"> {
  const { ranks, perHost } = place;
  const frames = runs.reduce((sum, run, rank) => {
    const host = Math.floor(rank / perHost);
    const beside = Math.min(ranks, (host + 1) * perHost) - host * perHost - 1;
    const beyond = ranks - 1 - beside;
    return sum + beside * framesOf(run, within(place, run)) + beyond * framesOf(run, "network");
  }, 0);
  return { frames, bytes: roundFor(place, runs).bytes };
}

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

/** In step k the longest of all sequences of as many runs. */
export function allgatherDoublingCost(place: Placement, runs: readonly number[]): Cost {
  const { ranks, perHost } = place;
  const starts = offsetsOf([...runs, ...runs]);
  const way: Leg[] = [];
  let frames = 0;
  for (let count = 1; count < ranks; count *= 2) {
    const moved = Math.min(count, ranks - count);
    const lengths = runs.map((_, rank) => starts[rank + moved]! - starts[rank]!);
    const longest = Math.max(...lengths);
    const link = linkOfShift(place, longest);
    way.push(messages(link, longest, { sharers: Math.min(count, perHost) }));
    frames += lengths.reduce((sum, length) => sum + framesOf(length, linkOfShift(place, length)), 0);
  }
  return { ways: [way], frames, bytes: roundFor(place, runs).bytes };
}

const costs = new Map<Algorithm, (place: Placement, runs: readonly number[]) => Cost>([
  [allgatherRing, allgatherRingCost],
  [allgatherDirect, allgatherDirectCost],
  [allgatherDoubling, allgatherDoublingCost],
]);
