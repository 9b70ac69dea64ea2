import { chunkedSum } from "../comm/chunked-sum.js";
import type { Communicator } from "../comm/communicator.js";
import type { Restriction } from "../linalg/restriction.js";
import { wholeSpace, type VectorSpace } from "../linalg/space.js";
import { treeSum, type EvaluateChunk } from "../linalg/tree-sum.js";
import type { BatchKey } from "../methods/problem.js";
import type { Vector } from "../linalg/vector.js";
import type { Objective } from "../trust-region/objective.js";
import type { Point } from "../trust-region/point.js";
import { WORTH_A_MESSAGE, type Batch } from "./batch.js";
import type { Evaluator } from "./evaluator.js";
import type { Penalty } from "./penalty.js";
import type { BatchProblem, EvaluationCount } from "./rank-network.js";
import { NetworkShards } from "./shards.js";
import { partsOf, wholeTensors } from "./tensor-part.js";

const NO_VECTOR = new Float32Array(0);

/** What a network's problems have in common, whichever their batch. */
export interface NetworkParts {
  readonly evaluator: Evaluator;
  /** What regularisers add to f. */
  readonly penalty: Penalty | undefined;
  readonly comm: Communicator;
  /** R_1..R_N */
  readonly subdomains: readonly Restriction[];
  readonly count: EvaluationCount;
  /** N, where batches are cut in shards. */
  readonly shards?: number | undefined;
}

/** The network's mean loss on one batch, and the penalty of its regularisers, as methods see them. */
export class NetworkProblem implements BatchProblem {
  readonly objective: Objective;
  readonly space: VectorSpace;
  readonly shards?: NetworkShards;

  constructor(
    readonly key: BatchKey,
    readonly batch: Batch,
    private readonly parts: NetworkParts,
  ) {
    const { evaluator, penalty, comm, count } = parts;
    const { layout } = evaluator;
    const everything = wholeTensors(layout);
    const weight = 1 / batch.rows;
    const sum = isAlikeEverywhere(batch, evaluator)
      ? (evaluate: EvaluateChunk, out: Vector) => evaluate(0, out)
      : (evaluate: EvaluateChunk, out: Vector) => chunkedSum(comm, batch.chunks, evaluate, out);
    this.space = wholeSpace(layout.dimension);
    if (parts.shards !== undefined) this.shards = new NetworkShards(batch, parts.shards, parts);
    this.objective = {
      value: async (theta) => {
        count.globalLosses++;
        evaluator.setParameters(theta);
        const loss = (c: number) => evaluator.loss(batch.chunk(c), weight);
        const f = await sum(loss, NO_VECTOR);
        return f + (penalty?.value(theta) ?? 0);
      },
      gradient: async (theta, out) => {
        count.globalGradients++;
        evaluator.setParameters(theta);
        const f = await sum(
          (c, partial) => evaluator.gradient(batch.chunk(c), weight, everything, partial),
          out,
        );
        penalty?.addGradient(theta, out);
        return f + (penalty?.value(theta) ?? 0);
      },
    };
  }

  /**
   * θ_i ↦ f(θ), all samples on this rank, gradients only for what subdomain i owns. The sums follow
   * the same tree as the global ones.
   */
  local(subdomain: number, at: Point): Objective {
    const { batch } = this;
    const { evaluator, penalty, count, subdomains } = this.parts;
    const R = subdomains[subdomain]!;
    const wanted = partsOf(R, evaluator.layout);
    const weight = 1 / batch.rows;
    const full = at.x.slice();
    const fullGradient = new Float32Array(full.length);
    return {
      value: async (thetaI) => {
        count.localLosses++;
        const theta = R.prolong(thetaI, full);
        evaluator.setParameters(theta);
        const loss = (c: number) => evaluator.loss(batch.chunk(c), weight, wanted);
        return (await treeSum(batch.chunks, loss, NO_VECTOR)) + (penalty?.value(theta) ?? 0);
      },
      gradient: async (thetaI, out) => {
        count.localGradients++;
        const theta = R.prolong(thetaI, full);
        evaluator.setParameters(theta);
        const f = await treeSum(
          batch.chunks,
          (c, partial) => evaluator.gradient(batch.chunk(c), weight, wanted, partial),
          fullGradient,
        );
        penalty?.addGradient(theta, fullGradient);
        R.restrict(fullGradient, out);
        return f + (penalty?.value(theta) ?? 0);
      },
    };
  }
}

/**
 * Whether every rank evaluates the batch's only chunk by itself, which has the same bits on all, instead of waiting for the
 * one that owns it and its message (docs/algorithms.md §9).
 */
function isAlikeEverywhere({ chunks, rows }: Batch, { cost }: Evaluator): boolean {
  return chunks === 1 && cost !== undefined && rows * cost <= WORTH_A_MESSAGE;
}
