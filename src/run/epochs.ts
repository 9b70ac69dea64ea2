import type { Communicator } from "../comm/communicator.js";
import { checkMiniBatches, miniBatches, miniBatchSizes } from "../data/batches.js";
import type { Random } from "../random.js";
import { Batch, largestChunk } from "../network/batch.js";
import { NetworkProblem, type EvaluationCount } from "../network/problem.js";
import type { Setup } from "./setup.js";

/**
 * The problems of each epoch: the full batch, one and the same object for all epochs (so that methods reuse what they
 * know of it), or freshly shuffled mini-batches. Which samples epoch e holds depends on the seed and e alone.
 */
export class Epochs {
  readonly #full: NetworkProblem | undefined;

  constructor(
    private readonly setup: Setup,
    private readonly comm: Communicator,
    private readonly count: EvaluationCount,
    private readonly batches: number,
    private readonly overlap: number,
    private readonly random: Random,
  ) {
    const samples = setup.data.train.labels.length;
    checkMiniBatches(samples, batches);
    const sizes = miniBatchSizes(samples, batches, overlap).map((rows) =>
      largestChunk(rows, setup.groupRows),
    );
    setup.evaluator.checkChunk(sizes.reduce((most, rows) => Math.max(most, rows)));
    this.#full = batches === 1 ? this.#problem() : undefined;
  }

  /** The full batch, where every step is on it. */
  get full(): NetworkProblem | undefined {
    return this.#full;
  }

  /** The epoch's problems but for the first `done`; each one's tensors are released when the next is asked for. */
  *problems(epoch: number, done: number): Generator<NetworkProblem> {
    if (this.#full) {
      if (done === 0) yield this.#full;
      return;
    }
    const samples = this.setup.data.train.labels.length;
    const shuffled = this.random.fork(epoch);
    for (const indices of miniBatches(samples, this.batches, this.overlap, shuffled).slice(done)) {
      const problem = this.#problem(indices);
      try {
        yield problem;
      } finally {
        problem.batch.dispose();
      }
    }
  }

  #problem(indices?: Int32Array): NetworkProblem {
    const { data, inputs, evaluator, decomposition, groupRows } = this.setup;
    const batch = new Batch(data.train, inputs.normalisation, groupRows, indices);
    return new NetworkProblem(evaluator, batch, this.comm, decomposition, this.count);
  }
}
