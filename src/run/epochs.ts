import { checkMiniBatches, miniBatches, miniBatchSizes } from "../data/batches.js";
import { Batch, checkHeld, largestChunk, type Preparation } from "../network/batch.js";
import { NetworkProblem, type NetworkParts } from "../network/problem.js";
import type { Random } from "../random.js";
import type { StreamedSamples } from "./program.js";
import type { Setup } from "./setup.js";

/** How the training set is cut in mini-batches. */
interface Cut {
  /** Mini-batches an epoch; 1: the full batch. */
  readonly batches: number;
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
  ): Generator<NetworkProblem> | AsyncGenerator<NetworkProblem>;
}

/**
 * The problems of each epoch: the full batch, of one and the same key in all epochs (so that methods reuse what they
 * know of it), or mini-batches, freshly shuffled or in order. Which samples epoch e holds depends on the seed and e alone.
 */
export class Epochs implements EpochSource {
  readonly #full: NetworkProblem | undefined;
  readonly #preparation: Preparation;

  constructor(
    private readonly setup: Pick<Setup, "data" | "inputs" | "groupRows" | "inOrder">,
    private readonly parts: NetworkParts,
    private readonly cut: Cut,
  ) {
    const { batches, overlap } = cut;
    const samples = setup.data.train.count;
    checkMiniBatches(samples, batches);
    const sizes = miniBatchSizes(samples, batches, overlap).map((rows) =>
      largestChunk(rows, setup.groupRows),
    );
    const largest = sizes.reduce((most, rows) => Math.max(most, rows));
    parts.evaluator.checkChunk(largest);
    checkHeld(setup.data.train, largest);
    this.#preparation = { ...setup.inputs.training, memory: parts.evaluator.memory };
    this.#full = batches === 1 ? this.#problem("all") : undefined;
  }

  *problems(epoch: number, done: number): Generator<NetworkProblem> {
    if (this.#full) {
      // What is random makes another problem of each step.
      const { evaluator } = this.parts;
      if (done === 0) yield evaluator.isRandom ? this.#full.as(`epoch ${epoch}`) : this.#full;
      return;
    }
    const { batches, overlap, random } = this.cut;
    const { data, inOrder } = this.setup;
    const ofEpoch = miniBatches(
      data.train.count,
      batches,
      overlap,
      inOrder ? "in order" : random.fork(epoch),
    );
    for (const [batch, indices] of [...ofEpoch.entries()].slice(done)) {
      const problem = this.#problem(`epoch ${epoch}, mini-batch ${batch + 1}`, indices);
      try {
        yield problem;
      } finally {
        problem.batch.dispose();
      }
    }
  }

  #problem(key: string, indices?: Int32Array): NetworkProblem {
    const { data, groupRows } = this.setup;
    return new NetworkProblem(key, new Batch(data.train, this.#preparation, groupRows, indices), this.parts);
  }
}
