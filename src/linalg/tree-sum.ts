import { addFloat32 } from "./sum-kernel.js";

/*
 * The sum of the partial results of C chunks along one fixed binary tree (docs/algorithms.md §9). A node covers chunks
 * [lo, hi); its left child takes the largest power of two of them that leaves some, its right child the rest. The
 * tree depends on C alone, so neither who evaluates which chunks nor their speed changes a bit of the result.
 */

/** Writes the partial vector of `chunk`, already weighted, over `partial`; returns its partial scalar. */
export type EvaluateChunk = (chunk: number, partial: Float32Array) => Promise<number>;

/** out ← Σ partial vectors of all chunks, evaluated in order; returns Σ partial scalars. */
export async function treeSum(chunks: number, evaluate: EvaluateChunk, out: Float32Array): Promise<number> {
  const pool = PartialPool.of(out.length);
  const total = await new TreeSum(evaluate, pool, chunks).sum(rootOf(chunks));
  out.set(total.vector);
  const [scalar] = total.scalar;
  pool.give(total);
  return scalar!;
}

/** Chunks [lo, hi). */
export interface Node {
  readonly lo: number;
  readonly hi: number;
}

/** The tree's root. */
export function rootOf(chunks: number): Node {
  if (!Number.isInteger(chunks) || chunks < 1) {
    throw new RangeError(`Expected the number of chunks to be a positive integer, got ${chunks}.`);
  }
  return { lo: 0, hi: chunks };
}

export function childrenOf({ lo, hi }: Node): [left: Node, right: Node] {
  const middle = lo + 2 ** (Math.ceil(Math.log2(hi - lo)) - 1);
  return [
    { lo, hi: middle },
    { lo: middle, hi },
  ];
}

/** A scalar (float64) and a vector (float32) in one piece of memory, so that they travel in one message. */
export interface PartialResult {
  readonly words: Float32Array;
  readonly scalar: Float64Array;
  readonly vector: Float32Array;
}

/** Partial results that nobody uses: as many stay as a sum has held at a time. */
export class PartialPool {
  static readonly #pools = new Map<number, PartialPool>();
  readonly #free: PartialResult[] = [];

  private constructor(private readonly length: number) {}

  /** The pool of this process for vectors of so many entries. */
  static of(length: number): PartialPool {
    let pool = PartialPool.#pools.get(length);
    if (pool === undefined) PartialPool.#pools.set(length, (pool = new PartialPool(length)));
    return pool;
  }

  /** Its entries are whatever they were. */
  take(): PartialResult {
    const free = this.#free.pop();
    if (free !== undefined) return free;
    const words = new Float32Array(2 + this.length);
    return { words, scalar: new Float64Array(words.buffer, 0, 1), vector: words.subarray(2) };
  }

  give(partial: PartialResult): void {
    this.#free.push(partial);
  }
}

/** Sums nodes of the tree. Evaluates chunks in order and holds O(log C) vectors at a time. */
export class TreeSum {
  constructor(
    private readonly evaluate: EvaluateChunk,
    private readonly pool: PartialPool,
    /** Nodes from this chunk on come from elsewhere. */
    private readonly end: number,
    private readonly receive?: (chunk: number, into: PartialResult) => Promise<void>,
  ) {}

  async sum(node: Node): Promise<PartialResult> {
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
