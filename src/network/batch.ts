import { tf } from "../compute/tensorflow.js";
import { gatherRows } from "../data/batches.js";
import type { Dataset, Normalisation } from "../data/dataset.js";
import type { Chunk } from "./evaluator.js";

/** Chunks of a full batch: divides evenly among 1, 2, 3, 4, 6, 8, 12 and 24 ranks. */
const MOST_CHUNKS = 24;
/** Smaller chunks would be mostly call overhead. */
const LEAST_ROWS = 250;

/**
 * C, a function of the batch and the model alone: never of the number of ranks, of memory or backend
 * (docs/algorithms.md §9).
 * @param groupRows samples that batch normalisation takes its statistics over, at most; undefined without any
 */
export function chunkCount(rows: number, groupRows?: number): number {
  if (groupRows !== undefined) return Math.ceil(rows / groupRows);
  return Math.max(1, Math.min(MOST_CHUNKS, Math.floor(rows / LEAST_ROWS)));
}

/** The samples of the largest chunk. */
export function largestChunk(rows: number, groupRows?: number): number {
  return Math.ceil(rows / chunkCount(rows, groupRows));
}

/**
 * The samples of one batch, cut in C fixed chunks. A chunk's tensors are made when first asked for and then stay on
 * the backend, so a rank that evaluates a few chunks holds only those.
 */
export class Batch {
  readonly rows: number;
  /** C */
  readonly chunks: number;
  readonly #chunks: (Chunk | undefined)[];

  /**
   * @param groupRows as `chunkCount` takes it: a chunk is then such a group
   * @param indices the batch's samples; all of the dataset, in order, where not given
   * @param prepare what the inputs of a chunk (rows, ...sampleShape) go through then
   */
  constructor(
    readonly dataset: Dataset,
    readonly normalisation: Normalisation,
    groupRows?: number,
    readonly indices?: Int32Array,
    private readonly prepare?: (x: tf.Tensor) => tf.Tensor,
  ) {
    this.rows = indices?.length ?? dataset.labels.length;
    this.chunks = chunkCount(this.rows, groupRows);
    this.#chunks = new Array<Chunk | undefined>(this.chunks).fill(undefined);
  }

  chunk(c: number): Chunk {
    return (this.#chunks[c] ??= this.#make(c));
  }

  dispose(): void {
    for (const chunk of this.#chunks) if (chunk) tf.dispose([chunk.x, chunk.y]);
    this.#chunks.fill(undefined);
  }

  #make(c: number): Chunk {
    const from = Math.floor((this.rows * c) / this.chunks);
    const to = Math.floor((this.rows * (c + 1)) / this.chunks);
    const rows = Int32Array.from({ length: to - from }, (_, i) => this.indices?.[from + i] ?? from + i);
    const { sampleShape, classes, labels } = this.dataset;
    const x = new Float32Array(rows.length * sampleShape.reduce((a, b) => a * b, 1));
    gatherRows(this.dataset, rows, this.normalisation, x);
    const y = new Float32Array(rows.length * classes);
    rows.forEach((row, i) => (y[i * classes + labels[row]!] = 1));
    const inputs = () => tf.tensor(x, [rows.length, ...sampleShape]);
    return {
      x: this.prepare === undefined ? inputs() : tf.tidy(() => this.prepare!(inputs())),
      y: tf.tensor2d(y, [rows.length, classes]),
      rows: rows.length,
    };
  }
}
