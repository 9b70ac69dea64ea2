import { addFloat32 } from "./sum-kernel.js";

/*
 * The sum of the partial results of C chunks along one fixed binary tree (docs/algorithms.md §9). A node covers chunks
 * [lo, hi); its left child takes half of them, of an odd number the larger, its right child the rest. The
 * tree depends on C alone, so neither who evaluates which chunks nor their speed changes a bit of the result.
 */

/** Writes the partial vector of `chunk`, already weighted, over `partial`; returns its partial scalar. */
export type EvaluateChunk = (chunk: number, partial: Float32Array) => Promise<number>;

/** How chunks are evaluated by who can also add a partial vector to what is there, which takes no memory for it. */
export interface AddingChunks {
  readonly evaluate: EvaluateChunk;
  /** As `evaluate`, but `partial` ← `partial` + the partial vector, each sum rounded to float32 once. */
  readonly add: EvaluateChunk;
}

/** How a sum's chunks are evaluated. */
export type Chunks = EvaluateChunk | AddingChunks;

/** out ← Σ partial vectors of all chunks, evaluated in order; returns Σ partial scalars. */
export async function treeSum(chunks: number, evaluate: Chunks, out: Float32Array): Promise<number> {
  const total = await new TreeSum(evaluate, PartialPool.of(out.length), chunks).into(out, rootOf(chunks));
  return total.scalar[0]!;
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
  const middle = lo + Math.ceil((hi - lo) / 2);
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

/**
 * Sums nodes of the tree. Evaluates chunks in order and holds as few vectors at a time as that order allows, log₂ C at most beside
 * the first: what is added to a sum needs none where it is a chunk that its evaluation adds by itself.
 */
export class TreeSum {
  readonly #evaluate: EvaluateChunk;
  readonly #add: EvaluateChunk | undefined;

  constructor(
    chunks: Chunks,
    private readonly pool: PartialPool,
    /** Nodes from this chunk on come from elsewhere. */
    private readonly end: number,
    private readonly receive?: (chunk: number, into: PartialResult) => Promise<void>,
  ) {
    [this.#evaluate, this.#add] =
      typeof chunks === "function" ? [chunks, undefined] : [chunks.evaluate, chunks.add];
  }

  /** A node whose first chunk is evaluated here; its vector is `out`. */
  async into(out: Float32Array, node: Node): Promise<Pick<PartialResult, "scalar">> {
    const first = { words: out, scalar: new Float64Array(1), vector: out };
    return this.sum(node, first);
  }

  /** @param result what takes the sum; whatever is in it */
  async sum(node: Node, result = this.pool.take()): Promise<PartialResult> {
    const { scalar, vector } = result;
    if (node.lo >= this.end) await this.receive?.(node.lo, result);
    else if (isChunk(node)) scalar[0] = await this.#evaluate(node.lo, vector);
    else {
      const [left, right] = childrenOf(node);
      await this.sum(left, result);
      if (this.#add && isChunk(right) && right.lo < this.end) {
        scalar[0]! += await this.#add(right.lo, vector);
        return result;
      }
      const other = await this.sum(right);
      scalar[0]! += other.scalar[0]!;
      addFloat32(vector, other.vector);
      this.pool.give(other);
    }
    return result;
  }
}

function isChunk({ lo, hi }: Node): boolean {
  return hi - lo === 1;
}
