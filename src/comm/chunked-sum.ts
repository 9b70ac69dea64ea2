import {
  childrenOf,
  PartialPool,
  type PartialResult,
  rootOf,
  TreeSum,
  type Chunks,
  type Node,
} from "../linalg/tree-sum.js";
import { addFloat32 } from "../linalg/sum-kernel.js";
import { POINT_TO_POINT } from "./account.js";
import { allreduceDoublingCost } from "./collectives/allreduce.js";
import { KB } from "./collectives/bounds.js";
import { broadcastCost } from "./collectives/broadcast.js";
import {
  groupOf,
  inTurn,
  messages,
  within,
  type Cost,
  type Leg,
  type Placement,
} from "./collectives/cost.js";
import type { Communicator } from "./communicator.js";

/*
 * The sum of linalg/tree-sum.ts, of chunks that many ranks evaluate. A node belongs to the rank that owns its first
 * chunk. So a left child is always at home with its parent, and only right children travel, each once; then the root's sum
 * goes to all. Where tree and ranks are cut alike, ranks exchange siblings instead, and all have the sum in half the hops.
 */

/** The tag of a sum's messages; a program that sums should not use it. */
const CHUNKED_SUM_TAG = 2 ** 31 - 2;

/** The run [begin, end) of `chunks` that `rank` of `size` owns; empty for some where there are fewer chunks than ranks. */
export function chunkRange(chunks: number, size: number, rank: number): { begin: number; end: number } {
  return { begin: Math.ceil((chunks * rank) / size), end: Math.ceil((chunks * (rank + 1)) / size) };
}

/**
 * out ← Σ partial vectors of all chunks, on every rank; returns Σ partial scalars. Every rank calls `evaluate` for
 * the chunks of its `chunkRange`, in order. The result has the same bits for every number of ranks. `out` may have
 * length 0: then only the scalar travels.
 */
export async function chunkedSum(
  comm: Communicator,
  chunks: number,
  evaluate: Chunks,
  out: Float32Array,
): Promise<number> {
  const bytes = Float64Array.BYTES_PER_ELEMENT + out.byteLength;
  if (comm.size > 1 && isExchanged(comm, chunks, bytes)) return exchangedSum(comm, chunks, evaluate, out);
  const root = rootOf(chunks);
  const { rank, size } = comm;
  const { begin, end } = chunkRange(chunks, size, rank);
  const owner = (chunk: number): number => Math.floor((chunk * size) / chunks);
  const pool = PartialPool.of(out.length);
  const tree = new TreeSum(evaluate, pool, end, async (chunk, partial) => {
    await comm.recv(owner(chunk), CHUNKED_SUM_TAG, partial.words);
  });
  if (size === 1) return (await tree.into(out, root)).scalar[0]!;

  const total = pool.take();
  const sums: PartialResult[] = [];
  const sends: Promise<void>[] = [];
  for (const { node, parent } of rootsWithin(begin, end, root)) {
    if (parent === undefined) {
      await tree.sum(node, total);
      continue;
    }
    const sum = await tree.sum(node);
    sums.push(sum);
    const send = comm.send(owner(parent.lo), CHUNKED_SUM_TAG, sum.words);
    send.catch(() => undefined); // should another call fail first, its error is the one to report
    sends.push(send);
  }
  if (sends.length > 0) await comm.account.within(POINT_TO_POINT, () => Promise.all(sends));
  for (const sum of sums) pool.give(sum);
  await comm.broadcast(total.words);
  out.set(total.vector);
  pool.give(total);
  return total.scalar[0]!;
}

/**
 * Whether ranks exchange sums: where every rank owns one node of the tree, all of them at the same depth. Over the network long
 * sums of more than two ranks go up and down the tree, on which ranks of one host do not crowd its link.
 * @param bytes of a partial result
 */
export function isExchanged(
  { size, locality }: Pick<Communicator, "size" | "locality">,
  chunks: number,
  bytes: number,
): boolean {
  if (!Number.isInteger(Math.log2(size)) || chunks % size !== 0) return false;
  return locality !== "network" || size === 2 || bytes <= 64 * KB;
}

/**
 * In step k partners at distance 2^k exchange their sums, of nodes that are siblings. Both add the same two, and addition
 * commutes: the bits agree.
 */
async function exchangedSum(
  comm: Communicator,
  chunks: number,
  evaluate: Chunks,
  out: Float32Array,
): Promise<number> {
  const { rank, size, account } = comm;
  const { begin, end } = chunkRange(chunks, size, rank);
  const pool = PartialPool.of(out.length);
  const own = await new TreeSum(evaluate, pool, end).sum({ lo: begin, hi: end });
  const other = pool.take();
  for (let distance = 1; distance < size; distance *= 2) {
    const partner = rank ^ distance;
    await account.within(POINT_TO_POINT, () =>
      comm.sendrecv(partner, CHUNKED_SUM_TAG, own.words, partner, CHUNKED_SUM_TAG, other.words),
    );
    own.scalar[0]! += other.scalar[0]!;
    addFloat32(own.vector, other.vector);
  }
  out.set(own.vector);
  pool.give(other);
  pool.give(own);
  return own.scalar[0]!;
}

/**
 * Up the tree and, by a broadcast, down again, or by exchanges, when all ranks have evaluated their chunks at the same time.
 * @param bytes of a partial result: 8 for the scalar, 4 for each entry of the vector
 */
export function chunkedSumCost(place: Placement, chunks: number, bytes: number): Cost {
  return isExchanged(groupOf(place), chunks, bytes)
    ? allreduceDoublingCost(place, bytes)
    : inTurn(sumOnRootCost(place, chunks, bytes), broadcastCost(place, bytes));
}

/** Up the tree: on the way with the most hops over the network, and then within hosts. */
export function sumOnRootCost(place: Placement, chunks: number, bytes: number): Cost {
  const owner = (chunk: number): number => Math.floor((chunk * place.ranks) / chunks);
  const hostOf = (rank: number): number => Math.floor(rank / place.perHost);
  let frames = 0;
  let sent = 0;
  const hop = (from: number, to: number): Leg[] => {
    if (from === to) return [];
    const leg = messages(hostOf(from) === hostOf(to) ? within(place, bytes) : "network", bytes);
    frames += leg.frames;
    sent += bytes;
    return [leg];
  };
  const wayTo = (node: Node): Leg[] => {
    if (owner(node.lo) === owner(node.hi - 1)) return [];
    const [left, right] = childrenOf(node);
    const here = wayTo(left);
    const come = [...wayTo(right), ...hop(owner(right.lo), owner(left.lo))];
    return weight(come) > weight(here) ? come : here;
  };
  const way = wayTo(rootOf(chunks));
  return { ways: way.length > 0 ? [way] : [], frames, bytes: sent };
}

/** A hop over the network is longer than any number of them within a host. */
function weight(way: readonly Leg[]): number {
  return way.reduce((sum, { link }) => sum + (link === "network" ? 1e6 : 1), 0);
}

/** The nodes that start in [begin, end) and whose parents, if any, start before: what the owner of that run sends. */
function* rootsWithin(
  begin: number,
  end: number,
  node: Node,
  parent?: Node,
): Generator<{ node: Node; parent: Node | undefined }> {
  if (node.lo >= end || node.hi <= begin) return;
  if (node.lo >= begin) yield { node, parent };
  else for (const child of childrenOf(node)) yield* rootsWithin(begin, end, child, node);
}
