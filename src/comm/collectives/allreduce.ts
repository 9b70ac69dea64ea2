import { checkArray, plainArray } from "../calls/arguments.js";
import type { Collective } from "../calls/collective.js";
import type { Group } from "../calls/group.js";
import { reductionOf, signatureOf } from "../calls/signature.js";
import type { Fold } from "../channels/segment.js";
import { COPIED } from "../channels/window.js";
import type { NumericArray, ReduceOp } from "../communicator.js";
import { allgatherDirect, allgatherDirectCost, allgatherRingCost, passRound } from "./allgather.js";
import { evenOffsets, evenRuns } from "./blocks.js";
import { FEW_RANKS, KB, MB } from "./bounds.js";
import { broadcast } from "./broadcast.js";
import { groupOf, inTurn, linkOfPartners, messages, NOTHING, type Cost, type Placement } from "./cost.js";
import { complete, foldOf } from "./folds.js";
import { reduceInOrder } from "./in-order.js";
import { reduceScatterDirect, reduceScatterRing } from "./reduce-scatter.js";

export async function callAllreduce(group: Group, data: NumericArray, op: ReduceOp): Promise<void> {
  const dtype = checkArray("allreduce", "data", data);
  const signature = signatureOf("allreduce", { dtype, count: data.length, reduction: reductionOf(op) });
  await group.run(signature, (collective) => allreduce(collective, plainArray(data), op));
}

export async function allreduce(collective: Collective, data: NumericArray, op: ReduceOp): Promise<void> {
  if (typeof op === "function") {
    await reduceInOrder(collective, data, op);
    await collective.finish(); // the broadcast overwrites what was sent
    return broadcast(collective, data, 0);
  }
  await chosen(collective, data.byteLength)(collective, data, foldOf(op));
  if (op !== "mean") return;
  await collective.finish(); // what others still read must stay a sum
  complete(op, data, collective.size);
}

type Algorithm = (collective: Collective, data: NumericArray, fold: Fold) => Promise<void>;

/** With a named operation. */
export function allreduceCost(place: Placement, bytes: number): Cost {
  if (place.ranks === 1) return NOTHING;
  return costs.get(chosen(groupOf(place), bytes))!(place, bytes);
}

function chosen({ size, locality }: Pick<Collective, "size" | "locality">, bytes: number): Algorithm {
  if (bytes <= (locality === "memory" ? 256 : 64) * KB) return allreduceDoubling;
  return size <= FEW_RANKS && (locality === "memory" || bytes <= 4 * MB) ? allreduceDirect : allreduceRing;
}

/**
 * Recursive doubling, for short vectors: in step k partners at distance 2^k exchange what they have folded so far,
 * so all ranks hold the result after log₂ P steps; n·log₂ P bytes per rank. Where P is no power of two, each rank
 * beyond the largest one contained hands its vector to a partner first and receives the result at the end.
 * Both partners compute a ∘ b of the same two partial results: with a commutative fold the bits agree everywhere.
 *
 * Thakur, Rabenseifner, Gropp: Optimization of collective communication operations in MPICH, IJHPCA 19 (2005), §4.5.
 */
export const allreduceDoubling: Algorithm = async (collective, data, fold) => {
  const { rank, size } = collective;
  const core = 2 ** Math.floor(Math.log2(size));
  if (rank >= core) {
    collective.send(rank - core, data);
    await collective.receive(rank - core, data);
    return;
  }
  if (rank + core < size) await collective.receiveFold(rank + core, data, fold);
  for (let distance = 1; distance < core; distance <<= 1) {
    // A long vector is sent from where it is, and must not change under the fold that follows.
    collective.send(rank ^ distance, data.byteLength > COPIED ? data.slice() : data);
    await collective.receiveFold(rank ^ distance, data, fold);
  }
  if (rank + core < size) collective.send(rank + core, data);
};

/** ⌊log₂ P⌋ hops of n bytes, and two more where P is no power of two. */
export function allreduceDoublingCost(place: Placement, bytes: number): Cost {
  const { ranks, perHost } = place;
  const core = 2 ** Math.floor(Math.log2(ranks));
  const hop = (distance: number) => {
    const link = linkOfPartners(place, distance, bytes);
    return messages(link, bytes, { sharers: perHost });
  };
  const rounds = Array.from({ length: Math.log2(core) }, (_, k) => hop(2 ** k));
  const beyond = ranks > core ? [hop(core)] : [];
  const frames = rounds.reduce((sum, leg) => sum + core * leg.frames, 0);
  return {
    ways: [[...beyond, ...rounds, ...beyond]],
    frames: frames + 2 * (ranks - core) * (beyond[0]?.frames ?? 0),
    bytes: (core * Math.log2(core) + 2 * (ranks - core)) * bytes,
  };
}

/**
 * Ring, for long vectors: a pipelined ring reduce-scatter whose complete segments set out at once on a pipelined ring
 * allgather. 2·(P−1) steps, 2n·(P−1)/P bytes out of and into every rank, each block folded in one order on one rank.
 *
 * A block is sent from `data` and later overwritten by its final value: that value contains this rank's contribution,
 * so what was sent has been read by then.
 *
 * Patarasuk, Yuan: Bandwidth optimal all-reduce algorithms for clusters of workstations, JPDC 69 (2009).
 */
export const allreduceRing: Algorithm = async (collective, data, fold) => {
  const { rank, size } = collective;
  const offsets = evenOffsets(data.length, size);
  const mine = data.subarray(offsets[rank], offsets[rank + 1]);
  await reduceScatterRing(collective, data, fold, offsets, (begin, end) => {
    collective.send((rank + 1) % size, mine, begin, end);
  });
  await passRound(collective, offsets, data);
};

/** Two rounds; a segment that is complete sets out at once. */
export function allreduceRingCost(place: Placement, bytes: number): Cost {
  const round = allgatherRingCost(place, evenRuns(bytes, place.ranks));
  const [latency, port] = round.ways;
  const first = latency!.slice(0, -1);
  return {
    ways: [
      [...first, ...latency!],
      [...port!, { ...port![0]!, hops: 0 }],
    ],
    frames: 2 * round.frames,
    bytes: 2 * round.bytes,
  };
}

/**
 * Direct, for ranks that read each other's memory: rank k folds everyone's block k, then everyone reads all complete
 * blocks. Two steps; 2n·(P−1)/P bytes read by every rank, in parallel, nothing forwarded.
 *
 * As in the ring, a block is overwritten by its final value only after its owner has read the old one.
 */
export const allreduceDirect: Algorithm = async (collective, data, fold) => {
  const offsets = evenOffsets(data.length, collective.size);
  const mine = data.subarray(offsets[collective.rank], offsets[collective.rank + 1]);
  await reduceScatterDirect(collective, data, fold, offsets, mine);
  await allgatherDirect(collective, offsets, data);
};

export function allreduceDirectCost(place: Placement, bytes: number): Cost {
  const step = allgatherDirectCost(place, evenRuns(bytes, place.ranks));
  return inTurn(step, step);
}

const costs = new Map<Algorithm, (place: Placement, bytes: number) => Cost>([
  [allreduceDoubling, allreduceDoublingCost],
  [allreduceRing, allreduceRingCost],
  [allreduceDirect, allreduceDirectCost],
]);
