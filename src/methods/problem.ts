import type { Communicator } from "../comm/communicator.js";
import type { Decomposition } from "../decomposition/decomposition.js";
import type { VectorSpace } from "../linalg/space.js";
import type { TensorSlot } from "../network/layout.js";
import type { Objective } from "../trust-region/objective.js";
import type { Point } from "../trust-region/point.js";
import type { Decide } from "../trust-region/step.js";

/** The name of a batch: problems of one key are of the same samples. */
export type BatchKey = string;

/** f on one batch D, as a method sees it. */
export interface Problem {
  /** Lets a method reuse what it knows where the same batch comes again (docs/algorithms.md §4 (e)). */
  readonly key: BatchKey;
  /** f(θ) = ℓ(θ; D), evaluated by all ranks together: every rank makes the same calls (docs/algorithms.md §9). */
  readonly objective: Objective;
  /** Where θ, gradients and steps live. */
  readonly space: VectorSpace;
  /**
   * Makes sure that local objectives at `at` can be evaluated; where it is absent, they always can. Collective: of vectors
   * that are cut over ranks, local objectives depend on what other ranks know.
   */
  prepareLocal?(at: Point): Promise<void>;
  /** θ_i ↦ f(θ) with all other parameters frozen as they are in `at`, evaluated by this rank alone. */
  local(subdomain: number, at: Point): Objective;
  /** Where the method works on shards (`MethodDescription.shards`). */
  readonly shards?: Shards | undefined;
}

/**
 * A batch cut in N shards D_d of its samples, f = Σ |D_d|/|D| f_d (docs/algorithms.md §7). The cut depends on the batch and N
 * alone, and a rank evaluates those of its own run (`chunkRange`).
 */
export interface Shards {
  /** N */
  readonly count: number;
  /** |D_d| / |D| */
  weight(shard: number): number;
  /** f_d, evaluated by this rank alone. */
  local(shard: number): Objective;
  /**
   * f of the mini-batches that the shard consists of, of `rows` samples or one more at most, as many as of any other shard;
   * to be evaluated one after the other.
   */
  miniBatches(shard: number, rows: number): readonly Objective[];
}

/** What every method is given beside its options. */
export interface MethodContext {
  readonly comm: Communicator;
  readonly decomposition: Decomposition;
  /**
   * What θ consists of: a network's parameter tensors, or the vector of a plain function as one. Of vectors cut over ranks,
   * the parts of all tensors that are held here, empty ones too.
   */
  readonly tensors: readonly TensorSlot[];
  /** Steps the run will make, where nothing ends it before: epochs times their mini-batches. */
  readonly plannedSteps: number;
  /** Mini-batches of a pass over the samples. */
  readonly stepsPerEpoch: number;
  /** Every step is on one and the same batch. */
  readonly fullBatch: boolean;
  /** ‖∇f‖_∞ at which the full batch counts as minimised. */
  readonly tolerance: number;
  /** f is computed in float64: what is small beside it is no noise. Not so for networks. */
  readonly isExact?: boolean;
}

/**
 * Whether no step is to be made from a point with that ‖∇f‖_∞: the full batch is minimised there
 * (docs/algorithms.md §1.7), or the gradient is not finite and would stay in a method's memory for good.
 */
export function leadsNowhere(
  { fullBatch, tolerance }: Pick<MethodContext, "fullBatch" | "tolerance">,
  gradientNorm: number,
): boolean {
  return !Number.isFinite(gradientNorm) || (fullBatch && gradientNorm <= tolerance);
}

/** Rank 0 takes the decision and tells the others: decisions are broadcast, never recomputed (docs/algorithms.md §9). */
export function decideOnRankZero(comm: Communicator): Decide {
  const { account } = comm;
  if (comm.size === 1) return (decision) => account.deciding(decision);
  return (decision) =>
    account.deciding(() => comm.broadcastObject(comm.rank === 0 ? decision() : undefined, 0));
}
