import { same, type VectorSpace } from "../../linalg/space.js";
import type { Vector } from "../../linalg/vector.js";
import type { BatchKey } from "../../methods/problem.js";
import type { Objective } from "../../trust-region/objective.js";
import type { Point } from "../../trust-region/point.js";
import type { Batch } from "../batch.js";
import type { Penalty } from "../penalty.js";
import type { BatchProblem, EvaluationCount } from "../rank-network.js";
import type { Boundary } from "./boundary.js";
import { gradientPass, localPass, lossPass } from "./passes.js";
import type { Stage } from "./stage.js";

/** What the problems of a network in stages have in common, whichever their batch. */
export interface PipelineParts {
  readonly stage: Stage;
  readonly space: VectorSpace;
  /** What regularisers of the stage's own layers add to f. */
  readonly penalty: Penalty | undefined;
  readonly count: EvaluationCount;
  /** Where the method solves local problems. */
  readonly boundary: Boundary | undefined;
}

/**
 * The mean loss of a network in stages on one batch, and the penalty of its regularisers, as methods see them: vectors
 * hold what belongs to the stage that is here.
 */
export class PipelineProblem implements BatchProblem {
  readonly objective: Objective;
  readonly space: VectorSpace;

  /** @param batch of what the stage reads of the samples itself; its chunks are the micro-batches */
  constructor(
    readonly key: BatchKey,
    readonly batch: Batch,
    private readonly parts: PipelineParts,
  ) {
    const { stage, space, penalty, count } = parts;
    this.space = space;
    this.objective = {
      value: async (theta) => {
        count.globalLosses++;
        stage.evaluator.setParameters(theta);
        return this.#complete(theta, await lossPass(stage, batch));
      },
      gradient: async (theta, out) => {
        const f = await this.#gradient(theta, out);
        penalty?.addGradient(theta, out);
        return this.#complete(theta, f);
      },
    };
  }

  /** Of the last gradient everything is here; at another point than its own this takes one more. */
  async prepareLocal(at: Point): Promise<void> {
    const kept = this.#kept?.at ?? new Float32Array(at.x.length).fill(NaN);
    if (!(await same(this.space, at.x, kept))) await this.#gradient(at.x, new Float32Array(at.x.length));
  }

  /**
   * θ_d ↦ ⟨c_d, F_d(h_{d−1}; θ_d)⟩, on the last stage the true loss of F_N(h_{N−1}; θ_N), and the penalty of the stage's
   * regularisers (docs/algorithms.md §6.2): a constant apart, f restricted to the stage, to first order. Only the replicas of
   * a stage talk to each other. Valid until the next gradient.
   */
  local(_subdomain: number, at: Point): Objective {
    const { stage, penalty, count } = this.parts;
    const kept = this.#kept;
    if (!kept?.at.every((value, i) => value === at.x[i]))
      throw new TypeError(
        "Expected prepareLocal to be called with the point of a local objective before it.",
      );
    const evaluate = async (theta: Vector, out?: Vector) => {
      if (this.#kept !== kept)
        throw new TypeError("Expected a local objective of the last gradient, got another's.");
      stage.evaluator.setParameters(theta);
      const f = await localPass(stage, this.batch, kept.micros, out);
      if (out) penalty?.addGradient(theta, out);
      return f + (penalty?.value(theta) ?? 0);
    };
    return {
      value: (theta) => {
        count.localLosses++;
        return evaluate(theta);
      },
      gradient: (theta, out) => {
        count.localGradients++;
        return evaluate(theta, out);
      },
    };
  }

  get #kept() {
    const kept = this.parts.boundary?.kept;
    return kept?.owner === this ? kept : undefined;
  }

  /** As `gradientPass`, at θ. */
  #gradient(theta: Vector, out: Vector): Promise<number> {
    const { stage, count, boundary } = this.parts;
    count.globalGradients++;
    stage.evaluator.setParameters(theta);
    return gradientPass(stage, this.batch, out, boundary?.renew(this, theta));
  }

  /** f on all ranks, where the last stage knows the loss and each the penalty of its own. */
  async #complete(theta: Vector, loss: number): Promise<number> {
    const own = Float64Array.of(loss, this.parts.penalty?.value(theta) ?? 0);
    const [losses, penalties] = await this.space.sum(own);
    return losses! + penalties!;
  }
}
