import { tf } from "../compute/tensorflow.js";
import { gatherRows } from "../data/batches.js";
import { sizeOf, type Dataset, type Field, type Normalisation } from "../data/dataset.js";
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

/** What the inputs of samples go through before a model sees them: each input its own, undefined: nothing. */
export interface Preparation {
  readonly normalisations: readonly (Normalisation | undefined)[];
  /** Layers in front of the first input. */
  readonly front?: ((x: tf.Tensor) => tf.Tensor) | undefined;
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
   */
  constructor(
    readonly dataset: Dataset,
    private readonly preparation: Preparation,
    groupRows?: number,
    readonly indices?: Int32Array,
  ) {
    this.rows = indices?.length ?? dataset.count;
    this.chunks = chunkCount(this.rows, groupRows);
    this.#chunks = new Array<Chunk | undefined>(this.chunks).fill(undefined);
  }

  chunk(c: number): Chunk {
    return (this.#chunks[c] ??= this.#make(c));
  }

  dispose(): void {
    for (const chunk of this.#chunks) if (chunk) disposeChunk(chunk);
    this.#chunks.fill(undefined);
  }

  #make(c: number): Chunk {
    const from = Math.floor((this.rows * c) / this.chunks);
    const to = Math.floor((this.rows * (c + 1)) / this.chunks);
    const samples = Int32Array.from({ length: to - from }, (_, i) => this.indices?.[from + i] ?? from + i);
    const { inputs, targets } = this.dataset;
    const { normalisations, front } = this.preparation;
    return {
      rows: samples.length,
      samples,
      inputs: inputs.map((input, i) => {
        const x = () => tensorOf(input, samples, normalisations[i]);
        return front && i === 0 ? tf.tidy(() => front(x())) : x();
      }),
      targets: targets.map((target) => ({
        values: tensorOf(target, samples),
        weights: target.weights && tensorOf(target.weights, samples),
      })),
    };
  }
}

function tensorOf(field: Field, samples: Int32Array, normalisation?: Normalisation): tf.Tensor {
  const { shape } = field;
  const values = new Float32Array(samples.length * sizeOf(shape));
  return tf.tensor(gatherRows(field, samples, values, normalisation), [samples.length, ...shape]);
}

export function disposeChunk({ inputs, targets }: Chunk): void {
  tf.dispose(inputs as tf.Tensor[]);
  for (const { values, weights } of targets) tf.dispose(weights ? [values, weights] : [values]);
}
