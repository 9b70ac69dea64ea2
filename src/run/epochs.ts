import { isStreamed } from "../data/dataset.js";
import { checkMiniBatches, miniBatches, miniBatchSizes } from "../data/batches.js";
import { collectGarbage } from "../host/garbage.js";
import type { Vector } from "../linalg/vector.js";
import { Batch, checkHeld, largestChunk, type Preparation } from "../network/batch.js";
import type { Batches } from "../network/quality.js";
import { EvaluationCount, type BatchProblem, type RankNetwork } from "../network/rank-network.js";
import type { Random } from "../random.js";
import type { Cut } from "./options/config.js";
import type { StreamedSamples } from "./program.js";
import type { Setup } from "./setup.js";

/** How the samples of a pass are drawn. */
interface Drawing {
  readonly overlap: number;
  readonly random: Random;
}

/** Makes the problems of each epoch. */
export interface EpochSource {
  /**
   * The epoch's problems but for the first `done`; each one's tensors are released when the next is asked for.
   * @param samples of the epoch, where they come anew for each
   */
  problems(
    epoch: number,
    done: number,
    samples?: StreamedSamples,
  ): Generator<BatchProblem> | AsyncGenerator<BatchProblem>;
  /** Mini-batches, as they are trained on, of which batch normalisation takes what it predicts with. */
  forStatistics(samples?: StreamedSamples): Batches;
  /**
   * Draws the pass of a step (from 0) and evaluates its mini-batch, so that the first step of a run is like the others: samples
   * are where mini-batches are gathered, code that libraries make at its first use is there, and no garbage is. Collective.
   */
  prepare?(step: number, theta: Vector): Promise<void>;
}

/** Bytes of θ up to which that is done: of larger networks a step takes so long that what its first evaluation does beside it is nothing. */
const SMALL = 2 ** 22;

/** Samples whose statistics are taken, at least: means of so many are off by two hundredths of a deviation. */
const STATISTICS_ROWS = 2560;

/** Numbers of the mini-batches of which statistics are taken: as many as an epoch has, at most, and of all parts of a pass. */
export function forStatistics(rows: number, { batches, batchesPerEpoch }: Cut): number[] {
  const enough = Math.ceil(STATISTICS_ROWS / rows);
  const length = Math.min(enough, batches, batchesPerEpoch);
  return Array.from({ length }, (_, i) => Math.floor((i * batches) / length));
}

/**
 * The problems of each epoch: the full batch, of one and the same key in all epochs (so that methods reuse what they
 * know of it), or mini-batches. Those of pass after pass over the samples, each freshly shuffled or in order, make one
 * stream, of which every epoch takes the next: which samples the p-th pass holds where depends on the seed and p alone.
 */
export class Epochs implements EpochSource {
  readonly #full: BatchProblem | undefined;
  readonly #preparation: Preparation;
  /** Samples of which statistics are taken. */
  #some: Int32Array | undefined;
  #pass: { readonly number: number; readonly batches: readonly Int32Array[] } | undefined;

  constructor(
    private readonly setup: Pick<Setup, "data" | "inputs" | "chunking" | "inOrder" | "cut" | "shards">,
    private readonly network: RankNetwork,
    private readonly drawing: Drawing,
  ) {
    const { batches } = setup.cut;
    const samples = setup.data.train.count;
    const { shards } = setup;
    checkMiniBatches(samples, batches, shards);
    const sizes = miniBatchSizes(samples, batches, drawing.overlap).map((rows) =>
      Math.max(
        largestChunk(rows, setup.chunking),
        shards === undefined ? 0 : largestChunk(Math.ceil(rows / shards), setup.chunking),
      ),
    );
    const largest = sizes.reduce((most, rows) => Math.max(most, rows));
    network.checkChunk(largest);
    checkHeld(setup.data.train, largest);
    this.#preparation = { ...setup.inputs.training, ...network.reading };
    this.#full = batches === 1 ? this.#problem("all", this.#orderOfAll()) : undefined;
  }

  async prepare(step: number, theta: Vector): Promise<void> {
    if (this.#full) return;
    const indices = this.#indicesOf(this.#passOf(step))[step % this.setup.cut.batches];
    if (isStreamed(this.setup.data.train) || theta.byteLength > SMALL) return;
    const { objective, batch } = this.#problem("before the first step", indices);
    try {
      await objective.gradient(theta, new Float32Array(theta.length));
      await objective.value(theta);
    } finally {
      batch.dispose();
    }
    Object.assign(this.network.count, new EvaluationCount());
    collectGarbage(); // of reading and setting up, which V8 would do within the first steps
  }

  *problems(epoch: number, done: number): Generator<BatchProblem> {
    const { batches, batchesPerEpoch } = this.setup.cut;
    for (let b = done; b < batchesPerEpoch; b++) {
      const step = (epoch - 1) * batchesPerEpoch + b;
      const pass = this.#passOf(step);
      if (this.#full) {
        // What is random makes another problem of each step.
        yield this.network.isRandom ? this.network.problem(`pass ${pass}`, this.#full.batch) : this.#full;
        continue;
      }
      const batch = step % batches;
      const problem = this.#problem(`pass ${pass}, mini-batch ${batch + 1}`, this.#indicesOf(pass)[batch]);
      try {
        yield problem;
      } finally {
        problem.batch.dispose();
      }
    }
  }

  *forStatistics(): Generator<Batch> {
    if (this.#full) {
      yield this.#full.batch;
      return;
    }
    const { data, cut, chunking } = this.setup;
    const { count } = data.train;
    const groupRows = largestChunk(Math.ceil(count / cut.batches), chunking);
    if (!this.#some) {
      const pass = this.#drawn(1);
      const some = forStatistics(Math.ceil(count / cut.batches), cut).map((b) => pass[b]!);
      this.#some = Int32Array.from(some.flatMap((indices) => [...indices]));
    }
    const chunks = Math.ceil(this.#some.length / groupRows);
    const batch = new Batch(data.train, this.#preparation, chunking, this.#some, 0, chunks);
    try {
      yield batch;
    } finally {
      batch.dispose();
    }
  }

  /** Samples of a class may stand side by side: shards are runs of an order that is drawn, once. */
  #orderOfAll(): Int32Array | undefined {
    const { data, inOrder, shards } = this.setup;
    if (shards === undefined || inOrder) return undefined;
    const numbers = Int32Array.from({ length: data.train.count }, (_, i) => i);
    return this.drawing.random.fork("all").shuffle(numbers);
  }

  #passOf(step: number): number {
    return Math.floor(step / this.setup.cut.batches) + 1;
  }

  /** The mini-batches of a pass. */
  #indicesOf(number: number): readonly Int32Array[] {
    if (this.#pass?.number !== number) this.#pass = { number, batches: this.#drawn(number) };
    return this.#pass.batches;
  }

  #drawn(number: number): Int32Array[] {
    const { data, inOrder, cut } = this.setup;
    const { overlap, random } = this.drawing;
    return miniBatches(data.train.count, cut.batches, overlap, inOrder ? "in order" : random.fork(number));
  }

  #problem(key: string, indices?: Int32Array): BatchProblem {
    const { data, chunking } = this.setup;
    return this.network.problem(key, new Batch(data.train, this.#preparation, chunking, indices));
  }
}
