import { tf } from "../compute/tensorflow.js";
import { gatherRows } from "../data/batches.js";
import { isStreamed, sizeOf, type Dataset, type Field, type Normalisation } from "../data/dataset.js";
import { UsageError } from "../errors.js";
import type { ChunkMemory } from "./compiled/chunk-memory.js";
import type { Chunk, ChunkTarget, HeapArray } from "./evaluator.js";

/** Chunks of a full batch: divides evenly among 1, 2, 3, 4, 6, 8, 12 and 24 ranks; fewer are a power of two. */
const MOST_CHUNKS = 24;
/** Where a chunk of fewer samples would be mostly call overhead: nothing is known of what they take. */
const LEAST_ROWS = 250;
/** Floating point operations that take as long as messages do on a busy host, a millisecond or more: less is not worth sharing. */
export const WORTH_A_MESSAGE = 2 ** 27;
/** The same for each entry of a gradient: adding, sending and telling it. */
const WORTH_AN_ENTRY = 2 ** 9;

/** What, beside its samples, decides in how many chunks a batch is cut: nothing of ranks or memory (docs/algorithms.md §9). */
export interface Chunking {
  /** Samples that batch normalisation takes its statistics over, or of a micro-batch, at most: chunks are such groups. */
  readonly groupRows?: number | undefined;
  /** Samples that are worth a chunk of their own; undefined: LEAST_ROWS. */
  readonly leastRows?: number | undefined;
}

/** The samples whose gradient, of n entries and so many operations each, is worth sharing. */
export function leastRows(operations: number | undefined, n: number): number {
  const worth = Math.max(WORTH_A_MESSAGE, WORTH_AN_ENTRY * n) / (operations ?? 0);
  return Math.min(LEAST_ROWS, Math.ceil(worth));
}

/** C (docs/algorithms.md §9). */
export function chunkCount(rows: number, { groupRows, leastRows = LEAST_ROWS }: Chunking): number {
  if (groupRows !== undefined) return Math.ceil(rows / groupRows);
  const most = Math.max(1, Math.floor(rows / leastRows));
  return most >= MOST_CHUNKS ? MOST_CHUNKS : 2 ** Math.floor(Math.log2(most));
}

/** The samples of the largest chunk. */
export function largestChunk(rows: number, chunking: Chunking): number {
  return Math.ceil(rows / chunkCount(rows, chunking));
}

/** What the part of a model that is held here reads of the samples. */
export interface Reads {
  /** Which of the model's inputs: the chunk's inputs are these, in this order. */
  readonly inputs: readonly number[];
  /** Whether it has the outputs that the targets are for; else the chunk has no targets. */
  readonly targets: boolean;
}

/** What the inputs of samples go through before a model sees them: each input its own, undefined: nothing. */
export interface Preparation {
  readonly normalisations: readonly (Normalisation | undefined)[];
  /** Layers in front of the first input. */
  readonly front?: ((x: tf.Tensor) => tf.Tensor) | undefined;
  /** What of the samples is read at all; everything where not given. */
  readonly reads?: Reads | undefined;
  /** Where the evaluator of the batch reads what is gathered, if not from tensors. */
  readonly memory?: ChunkMemory | undefined;
}

/** Bytes of a batch of streamed samples that may be held as a whole, */
const MOST_HELD = 2 ** 28;
/** of a chunk of them in training, */
const LARGEST_CHUNK = 2 ** 29;
/** and of one where nothing but memory decides how many there are. */
const MEASURED_CHUNK = 2 ** 26;

/** How samples are cut to be measured: where they are in memory anyway, as any. */
export function measuredChunking(dataset: Dataset): Chunking {
  return isStreamed(dataset)
    ? { groupRows: Math.max(1, Math.floor(MEASURED_CHUNK / sampleBytes(dataset))) }
    : {};
}

/**
 * Makes sure that the chunks of streamed samples can be held one by one.
 * @param rows of the largest chunk
 * @throws UsageError
 */
export function checkHeld(dataset: Dataset, rows: number): void {
  const bytes = rows * sampleBytes(dataset);
  if (!isStreamed(dataset) || bytes <= LARGEST_CHUNK) return;
  const megabytes = (count: number) => Math.ceil(count / 2 ** 20);
  throw new UsageError(
    `Expected parts of a batch of at most ${megabytes(LARGEST_CHUNK)} MB, since the samples stay in their file, got ${megabytes(bytes)} MB. ` +
      `Give more mini-batches with --batches.`,
  );
}

/**
 * The samples of one batch, cut in C fixed chunks. A chunk's tensors are made when first asked for and then stay on
 * the backend, so a rank that evaluates a few chunks holds only those. Of a large batch of streamed samples only those of
 * the chunk asked for last stay: they are read again when it is asked for again.
 */
export class Batch {
  readonly rows: number;
  /** C */
  readonly chunks: number;
  readonly #chunks: (BatchChunk | undefined)[];
  readonly #holdsAll: boolean;
  #last: BatchChunk | undefined;
  readonly #parts = new Map<string, Batch>();

  /**
   * @param indices the batch's samples; all of the dataset, in order, where not given
   * @param mostHeld bytes of streamed samples that are held as a whole
   * @param passing C, of chunks that are gone through one by one: none stays when the next is asked for
   */
  constructor(
    readonly dataset: Dataset,
    private readonly preparation: Preparation,
    readonly chunking: Chunking = {},
    readonly indices?: Int32Array,
    mostHeld = MOST_HELD,
    passing?: number,
  ) {
    this.rows = indices?.length ?? dataset.count;
    this.chunks = passing ?? chunkCount(this.rows, chunking);
    this.#chunks = new Array<BatchChunk | undefined>(this.chunks).fill(undefined);
    const isHeld = !isStreamed(dataset) || this.rows * sampleBytes(dataset) <= mostHeld;
    this.#holdsAll = isHeld && passing === undefined;
  }

  /** Samples [from, to) as a batch of one rank's, which is released with this one. */
  part(from: number, to: number): Batch {
    return this.#part(from, to);
  }

  /** The same in so many chunks, of which none stays when the next is asked for. */
  walk(from: number, to: number, chunks: number): Batch {
    return this.#part(from, to, chunks);
  }

  /** One of a kind: whoever asks again for the same part gets the same. */
  #part(from: number, to: number, passing?: number): Batch {
    const name = [from, to, passing].join();
    const known = this.#parts.get(name);
    if (known) return known;
    const { dataset, preparation } = this;
    const { groupRows } = this.chunking;
    const mostHeld = this.#holdsAll ? MOST_HELD : 0;
    const part = new Batch(dataset, preparation, { groupRows }, this.#samples(from, to), mostHeld, passing);
    this.#parts.set(name, part);
    return part;
  }

  chunk(c: number): Chunk {
    const chunk = (this.#chunks[c] ??= this.#make(c));
    if (!this.#holdsAll && this.#last !== chunk) this.#last?.release();
    this.#last = chunk;
    chunk.hold();
    return chunk;
  }

  dispose(): void {
    for (const chunk of this.#chunks) chunk?.release();
    this.#chunks.fill(undefined);
    for (const part of this.#parts.values()) part.dispose();
  }

  #make(c: number): BatchChunk {
    const from = Math.floor((this.rows * c) / this.chunks);
    const to = Math.floor((this.rows * (c + 1)) / this.chunks);
    return new BatchChunk(
      this.#samples(from, to),
      this.dataset,
      this.preparation,
      this.indices !== undefined,
    );
  }

  /** The numbers of samples [from, to). */
  #samples(from: number, to: number): Int32Array {
    return this.indices?.subarray(from, to) ?? Int32Array.from({ length: to - from }, (_, i) => from + i);
  }
}

/** Bytes of one sample on a backend. */
export function sampleBytes({ inputs, targets }: Dataset): number {
  return [...inputs, ...targets].reduce((sum, { shape }) => sum + 4 * sizeOf(shape), 0);
}

class BatchChunk implements Chunk {
  readonly rows: number;
  inputs: readonly (tf.Tensor | HeapArray)[] = [];
  targets: readonly ChunkTarget[] = [];
  #isHeld = false;

  /** @param isPart whether other samples of the dataset will be asked for */
  constructor(
    readonly samples: Int32Array,
    private readonly dataset: Dataset,
    private readonly preparation: Preparation,
    private readonly isPart: boolean,
  ) {
    this.rows = samples.length;
  }

  hold(): void {
    if (this.#isHeld) return;
    const { normalisations, front, reads } = this.preparation;
    const { inputs, targets } = this.dataset;
    this.inputs = (reads?.inputs ?? [...inputs.keys()]).map((i) =>
      front && i === 0
        ? tf.tidy(() => front(tensorOf(inputs[i]!, this.samples, normalisations[i])))
        : this.#gather(inputs[i]!, normalisations[i]),
    );
    this.targets = (reads?.targets === false ? [] : targets).map((target) => ({
      values: this.#gather(target),
      weights: target.weights && this.#gather(target.weights),
    }));
    this.#isHeld = true;
  }

  release(): void {
    disposeChunk(this, this.preparation.memory);
    this.inputs = this.targets = [];
    this.#isHeld = false;
  }

  #gather(field: Field, normalisation?: Normalisation): tf.Tensor | HeapArray {
    const { memory } = this.preparation;
    if (memory) return memory.gather(field, this.samples, this.isPart, normalisation);
    return tensorOf(field, this.samples, normalisation);
  }
}

function tensorOf(field: Field, samples: Int32Array, normalisation?: Normalisation): tf.Tensor {
  const { shape } = field;
  const values = new Float32Array(samples.length * sizeOf(shape));
  return tf.tensor(gatherRows(field, samples, values, normalisation), [samples.length, ...shape]);
}

/** @param memory that its arrays were made in, where they are not tensors */
export function disposeChunk(
  { inputs, targets }: Pick<Chunk, "inputs" | "targets">,
  memory?: ChunkMemory,
): void {
  const dispose = (place: tf.Tensor | HeapArray | undefined) => {
    if (place instanceof tf.Tensor) place.dispose();
    else if (place) memory?.free(place);
  };
  inputs.forEach(dispose);
  for (const { values, weights } of targets) {
    dispose(values);
    dispose(weights);
  }
}
