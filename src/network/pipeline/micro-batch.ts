import type { tf } from "../../compute/tensorflow.js";
import type { Batch } from "../batch.js";
import type { Chunk, ChunkTarget, HeapArray } from "../evaluator.js";

type Place = tf.Tensor | HeapArray;

/**
 * A micro-batch as a stage sees it: what it reads of the samples itself, then h, what earlier stages gave. The samples
 * may be read again from their file whenever they are asked for, so they are the batch's; h and c are held here.
 */
export class MicroBatch implements Chunk {
  readonly rows: number;
  readonly samples: Int32Array;
  /** Without cotangents the true targets, which the last stage alone has. */
  #cotangents: readonly ChunkTarget[] | undefined;

  constructor(
    private readonly batch: Batch,
    private readonly c: number,
    /** The crossings that the stage takes. */
    private readonly h: readonly Place[],
  ) {
    const { rows, samples } = this.#own;
    this.rows = rows;
    this.samples = samples;
  }

  get inputs(): readonly Place[] {
    return [...this.#own.inputs, ...this.h];
  }

  get targets(): readonly ChunkTarget[] {
    return this.#cotangents ?? this.#own.targets;
  }

  get #own(): Chunk {
    return this.batch.chunk(this.c);
  }

  /** From now on the targets are these gradients by what the stage gives: its objective is ⟨c, F(h)⟩. */
  setCotangents(cotangents: readonly Place[]): void {
    this.#cotangents = cotangents.map((values) => ({ values, weights: undefined }));
  }

  /** What is held here, to be given back. */
  get held(): Pick<Chunk, "inputs" | "targets"> {
    return { inputs: this.h, targets: this.#cotangents ?? [] };
  }
}
