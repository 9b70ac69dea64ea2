import { chunkedSum } from "../comm/chunked-sum.js";
import type { Communicator } from "../comm/communicator.js";
import type { Vector } from "../linalg/vector.js";
import type { Batch } from "./batch.js";
import type { Evaluator } from "./evaluator.js";

/** How much of the running statistics one mini-batch replaces. */
const MINI_BATCH_SHARE = 0.1;

/**
 * The means and variances that batch normalisation evaluates with. The objective uses each chunk's own, so that it is
 * a function of θ alone; these follow the accepted iterates only, never the trials.
 */
export class RunningStatistics {
  #running: Float32Array | undefined;

  constructor(
    private readonly evaluator: Evaluator,
    private readonly comm: Communicator,
  ) {}

  /** Called by all ranks when a step has ended at `theta` on `batch`; `whole` where that is the training set. */
  async follow(theta: Vector, batch: Batch, whole: boolean): Promise<void> {
    const { evaluator, comm } = this;
    const size = evaluator.statisticsSize;
    if (size === 0) return;
    const measured = new Float32Array(size);
    evaluator.setParameters(theta);
    await chunkedSum(
      comm,
      batch.chunks,
      async (c, partial) => {
        const chunk = batch.chunk(c);
        await evaluator.statistics(chunk, chunk.rows / batch.rows, partial);
        return 0;
      },
      measured,
    );
    const share = whole || this.#running === undefined ? 1 : MINI_BATCH_SHARE;
    const running = (this.#running ??= new Float32Array(size));
    for (let i = 0; i < size; i++) running[i]! += share * (measured[i]! - running[i]!);
    evaluator.setStatistics(running);
  }

  /** For a checkpoint; valid until the next `follow`. */
  save(): Vector | null {
    return this.#running ?? null;
  }

  restore(saved: Vector | null): void {
    this.#running = saved?.slice();
    if (saved) this.evaluator.setStatistics(saved);
  }
}
