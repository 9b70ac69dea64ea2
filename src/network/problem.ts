import { chunkedSum } from "../comm/chunked-sum.js";
import type { Communicator } from "../comm/communicator.js";
import type { Restriction } from "../linalg/restriction.js";
import { wholeSpace, type VectorSpace } from "../linalg/space.js";
import { treeSum } from "../linalg/tree-sum.js";
import type { BatchKey, Problem } from "../methods/problem.js";
import type { Objective } from "../trust-region/objective.js";
import type { Point } from "../trust-region/point.js";
import type { Batch } from "./batch.js";
import type { Evaluator } from "./evaluator.js";
import { partsOf, wholeTensors } from "./tensor-part.js";

/** How often f was evaluated, by this rank's part in global evaluations and by its local solves. */
export class EvaluationCount {
  globalLosses = 0;
  globalGradients = 0;
  localLosses = 0;
  localGradients = 0;
}

const NO_VECTOR = new Float32Array(0);

/** What a network's problems have in common, whichever their batch. */
export interface NetworkParts {
  readonly evaluator: Evaluator;
  readonly comm: Communicator;
  /** R_1..R_N */
  readonly subdomains: readonly Restriction[];
  readonly count: EvaluationCount;
}

/** The network's mean loss on one batch, as methods see it. */
export class NetworkProblem implements Problem {
  readonly objective: Objective;
  readonly space: VectorSpace;

  constructor(
    readonly key: BatchKey,
    readonly batch: Batch,
    private readonly parts: NetworkParts,
  ) {
    const { evaluator, comm, count } = parts;
    const { layout } = evaluator;
    const everything = wholeTensors(layout);
    const weight = 1 / batch.rows;
    this.space = wholeSpace(layout.dimension);
    this.objective = {
      value: (theta) => {
        count.globalLosses++;
        evaluator.setParameters(theta);
        return chunkedSum(comm, batch.chunks, (c) => evaluator.loss(batch.chunk(c), weight), NO_VECTOR);
      },
      gradient: (theta, out) => {
        count.globalGradients++;
        evaluator.setParameters(theta);
        return chunkedSum(
          comm,
          batch.chunks,
          (c, partial) => evaluator.gradient(batch.chunk(c), weight, everything, partial),
          out,
        );
      },
    };
  }

  /**
   * θ_i ↦ f(θ), all samples on this rank, gradients only for what subdomain i owns. The sums follow
   * the same tree as the global ones.
   */
  local(subdomain: number, at: Point): Objective {
    const { batch } = this;
    const { evaluator, count, subdomains } = this.parts;
    const R = subdomains[subdomain]!;
    const wanted = partsOf(R, evaluator.layout);
    const weight = 1 / batch.rows;
    const full = at.x.slice();
    const fullGradient = new Float32Array(full.length);
    return {
      value: (thetaI) => {
        count.localLosses++;
        evaluator.setParameters(R.prolong(thetaI, full));
        return treeSum(batch.chunks, (c) => evaluator.loss(batch.chunk(c), weight, wanted), NO_VECTOR);
      },
      gradient: async (thetaI, out) => {
        count.localGradients++;
        evaluator.setParameters(R.prolong(thetaI, full));
        const f = await treeSum(
          batch.chunks,
          (c, partial) => evaluator.gradient(batch.chunk(c), weight, wanted, partial),
          fullGradient,
        );
        R.restrict(fullGradient, out);
        return f;
      },
    };
  }
}
