import { UsageError } from "../errors.js";
import type { Communicator } from "./communicator.js";
import { addFloat32 } from "../linalg/sum-kernel.js";

/*
 * The sum of the partial results of C chunks along one fixed binary tree (docs/algorithms.md §9). A node covers chunks
 * [lo, hi); its left child takes the largest power of two of them that leaves some, its right child the rest. The
 * tree depends on C alone, so neither the number of ranks nor their speed changes a bit of the result.
 *
 * A node belongs to the rank that owns its first chunk. So a left child is always at home with its parent, and only
 * right children travel, each once. A rank evaluates its chunks in order and holds O(log C) vectors at a time.
 */

/** Writes the partial vector of `chunk`, already weighted, over `partial`; returns its partial scalar. */
export type EvaluateChunk = (chunk: number, partial: Float32Array) => Promise<number>;

/** The tag of a sum's messages; a program that sums should not use it. */
export const CHUNKED_SUM_TAG = 2 ** 31 - 2;

/** The run [begin, end) of `chunks` that `rank` of `size` owns; empty for some where there are fewer chunks than ranks. */
export function chunkRange(chunks: number, size: number, rank: number): { begin: number; end: number } {
  return { begin: Math.ceil((chunks * rank) / size), end: Math.ceil((chunks * (rank + 1)) / size) };
}

/** out ← Σ partial vectors, by this process alone; returns Σ partial scalars. Equal bit for bit to `chunkedSum`. */
export async function treeSum(chunks: number, evaluate: EvaluateChunk, out: Float32Array): Promise<number> {
  checkChunks(chunks);
  const tree = new TreeSum(evaluate, new PartialPool(out.length), chunks);
  const total = await tree.sum({ lo: 0, hi: chunks });
  out.set(total.vector);
  return total.scalar[0]!;
}

/**
 * out ← Σ partial vectors of all chunks, on every rank; returns Σ partial scalars. Every rank calls `evaluate` for
 * the chunks of its `chunkRange`, in order. The result has the same bits for every number of ranks. `out` may have
 * length 0: then only the scalar travels.
 */
export async function chunkedSum(
  comm: Communicator,
  chunks: number,
  evaluate: EvaluateChunk,
  out: Float32Array,
): Promise<number> {
  checkChunks(chunks);
  const { rank, size } = comm;
  const { begin, end } = chunkRange(chunks, size, rank);
  const owner = (chunk: number): number => Math.floor((chunk * size) / chunks);
  const pool = new PartialPool(out.length);
  const tree = new TreeSum(evaluate, pool, end, async (chunk, partial) => {
    await comm.recv(owner(chunk), CHUNKED_SUM_TAG, partial.words);
  });

  let total = pool.take();
  const sends: Promise<void>[] = [];
  for (const { node, parent } of rootsWithin(begin, end, { lo: 0, hi: chunks })) {
    const sum = await tree.sum(node);
    if (parent === undefined) {
      total = sum;
      continue;
    }
    const send = comm.send(owner(parent.lo), CHUNKED_SUM_TAG, sum.words);
    send.catch(() => undefined); // should another call fail first, its error is the one to report
    sends.push(send);
  }
  await Promise.all(sends);
  await comm.broadcast(total.words);
  out.set(total.vector);
  return total.scalar[0]!;
}

/** Chunks [lo, hi). */
interface Node {
  readonly lo: number;
  readonly hi: number;
}

function childrenOf({ lo, hi }: Node): [left: Node, right: Node] {
  const middle = lo + 2 ** (Math.ceil(Math.log2(hi - lo)) - 1);
  return [
    { lo, hi: middle },
    { lo: middle, hi },
  ];
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

/** A scalar (float64) and a vector (float32) in one piece of memory, so that they travel in one message. */
interface Partial {
  readonly words: Float32Array;
  readonly scalar: Float64Array;
  readonly vector: Float32Array;
}

class PartialPool {
  readonly #free: Partial[] = [];

  constructor(private readonly length: number) {}

  take(): Partial {
    const free = this.#free.pop();
    if (free !== undefined) return free;
    const words = new Float32Array(2 + this.length);
    return { words, scalar: new Float64Array(words.buffer, 0, 1), vector: words.subarray(2) };
  }

  give(partial: Partial): void {
    this.#free.push(partial);
  }
}

class TreeSum {
  constructor(
    private readonly evaluate: EvaluateChunk,
    private readonly pool: PartialPool,
    /** Nodes from this chunk on belong to later ranks and are received. */
    private readonly end: number,
    private readonly receive?: (chunk: number, into: Partial) => Promise<void>,
  ) {}

  async sum(node: Node): Promise<Partial> {
    if (node.lo >= this.end) {
      const received = this.pool.take();
      await this.receive?.(node.lo, received);
      return received;
    }
    if (node.hi - node.lo === 1) {
      const leaf = this.pool.take();
      leaf.scalar[0] = await this.evaluate(node.lo, leaf.vector);
      return leaf;
    }
    const [leftChild, rightChild] = childrenOf(node);
    const left = await this.sum(leftChild);
    const right = await this.sum(rightChild);
    left.scalar[0]! += right.scalar[0]!;
    addFloat32(left.vector, right.vector);
    this.pool.give(right);
    return left;
  }
}

function checkChunks(chunks: number): void {
  if (!Number.isInteger(chunks) || chunks < 1) {
    throw new UsageError(`Expected the number of chunks to be a positive integer, got ${chunks}.`);
  }
}
