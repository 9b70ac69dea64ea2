import { treeSum } from "../linalg/tree-sum.js";
import type { Vector } from "../linalg/vector.js";
import type { Shards } from "../methods/problem.js";
import type { Objective } from "../trust-region/objective.js";
import type { Batch } from "./batch.js";
import type { NetworkParts } from "./problem.js";
import { wholeTensors, type TensorPart } from "./tensor-part.js";

const NO_VECTOR = new Float32Array(0);

/**
 * The runs of neighbouring samples that a batch is cut in: shard d has those from ⌊d/N⌋ to ⌊(d+1)/N⌋ of them. Only the
 * samples of shards that are asked for are ever gathered.
 */
export class NetworkShards implements Shards {
  readonly #everything: readonly TensorPart[];

  constructor(
    private readonly batch: Batch,
    readonly count: number,
    private readonly parts: Pick<NetworkParts, "evaluator" | "penalty" | "count">,
  ) {
    this.#everything = wholeTensors(parts.evaluator.layout);
  }

  weight(shard: number): number {
    return (this.#cut(shard + 1) - this.#cut(shard)) / this.batch.rows;
  }

  local(shard: number): Objective {
    const { evaluator } = this.parts;
    const own = this.batch.part(this.#cut(shard), this.#cut(shard + 1));
    const weight = 1 / own.rows;
    return this.#objective(
      1,
      () => treeSum(own.chunks, (c) => evaluator.loss(own.chunk(c), weight), NO_VECTOR),
      (out) =>
        treeSum(
          own.chunks,
          (c, partial) => evaluator.gradient(own.chunk(c), weight, this.#everything, partial),
          out,
        ),
    );
  }

  miniBatches(shard: number, rows: number): readonly Objective[] {
    const { batch, count } = this;
    const most = Math.min(rows, batch.chunking.groupRows ?? Infinity);
    const steps = Math.ceil(Math.floor(batch.rows / count) / most);
    const walk = batch.walk(this.#cut(shard), this.#cut(shard + 1), steps);
    return Array.from({ length: walk.chunks }, (_, h) => this.#miniBatch(walk, h));
  }

  #miniBatch(walk: Batch, h: number): Objective {
    const { evaluator } = this.parts;
    return this.#objective(
      shareOf(h + 1, walk.chunks) - shareOf(h, walk.chunks),
      () => {
        const chunk = walk.chunk(h);
        return evaluator.loss(chunk, 1 / chunk.rows);
      },
      (out) => {
        const chunk = walk.chunk(h);
        return evaluator.gradient(chunk, 1 / chunk.rows, this.#everything, out);
      },
    );
  }

  /**
   * A mean loss at the evaluator's θ, and the penalty.
   * @param share what an evaluation counts
   */
  #objective(
    share: number,
    loss: () => Promise<number>,
    gradient: (out: Vector) => Promise<number>,
  ): Objective {
    const { evaluator, penalty, count } = this.parts;
    return {
      value: async (theta) => {
        count.localLosses += share;
        evaluator.setParameters(theta);
        return (await loss()) + (penalty?.value(theta) ?? 0);
      },
      gradient: async (theta, out) => {
        count.localGradients += share;
        evaluator.setParameters(theta);
        const f = await gradient(out);
        penalty?.addGradient(theta, out);
        return f + (penalty?.value(theta) ?? 0);
      },
    };
  }

  /** The first sample of a shard. */
  #cut(shard: number): number {
    return Math.floor((this.batch.rows * shard) / this.count);
  }
}

/** Counts of evaluations are multiples of this: their sums do not depend on the order, nor on the ranks. */
const UNIT = 2 ** -20;

/** h / H of a shard's evaluation. */
function shareOf(h: number, walk: number): number {
  return Math.round(h / walk / UNIT) * UNIT;
}
