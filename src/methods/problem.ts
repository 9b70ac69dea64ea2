import type { Communicator } from "../comm/communicator.js";
import type { Decomposition } from "../decomposition/decomposition.js";
import type { Vector } from "../linalg/vector.js";
import type { Objective } from "../trust-region/objective.js";
import type { Decide } from "../trust-region/step.js";

/**
 * f on one batch D, as a method sees it. Two problems are the same batch iff they are the same object, which is
 * what lets a method reuse losses and gradients (docs/algorithms.md §4 (e)).
 */
export interface Problem {
  /** f(θ) = ℓ(θ; D), evaluated by all ranks together: every rank makes the same calls (docs/algorithms.md §9). */
  readonly objective: Objective;
  /** θ_i ↦ f(θ) with all other parameters frozen at `theta`, evaluated by this rank alone. */
  local(subdomain: number, theta: Vector): Objective;
}

/** What every method is given beside its options. */
export interface MethodContext {
  readonly comm: Communicator;
  readonly decomposition: Decomposition;
  /** Steps the run will make: epochs times batches. */
  readonly plannedSteps: number;
  /** Every step is on one and the same batch. */
  readonly fullBatch: boolean;
  /** ‖∇f‖_∞ at which the full batch counts as minimised. */
  readonly tolerance: number;
}

/** What one step did: the numbers of a metrics line. */
export interface StepReport {
  /** f(θ) on the step's batch, at the parameters it ends with (or, for first-order rules, started from). */
  readonly loss: number;
  readonly accepted: boolean;
  /** ‖∇f‖_∞ on the batch where the step began; NaN where the gradient is not finite. */
  readonly gradientNorm: number;
  /** Δ after the step; undefined where the method has none. */
  readonly radius?: number;
}

/** What a checkpoint keeps of a method beside θ: plain values and typed arrays. */
export type MethodState = Readonly<Record<string, unknown>>;

/** A method at work on one θ. All ranks hold one each, and take the same steps. */
export interface Optimizer {
  /** θ, (n,). Replaced, never written to, so that a reference stays the point it was. */
  readonly theta: Vector;
  /** One step on one batch. */
  step(problem: Problem): Promise<StepReport>;
  /** Everything beside θ that the next step depends on; valid until that step. */
  save(): MethodState;
  /**
   * Goes on where `state` was saved.
   * @param problem the batch of the last step, where the next step is on the same one: what was known there holds
   */
  restore(theta: Vector, state: MethodState, problem?: Problem): void;
}

/**
 * Whether no step is to be made from a point with that ‖∇f‖_∞: the full batch is minimised there (docs/algorithms.md §1.7), or
 * the gradient is not finite and would stay in a method's memory for good.
 */
export function leadsNowhere(
  { fullBatch, tolerance }: Pick<MethodContext, "fullBatch" | "tolerance">,
  gradientNorm: number,
): boolean {
  return !Number.isFinite(gradientNorm) || (fullBatch && gradientNorm <= tolerance);
}

/** Rank 0 takes the decision and tells the others: decisions are broadcast, never recomputed (docs/algorithms.md §9). */
export function decideOnRankZero(comm: Communicator): Decide {
  if (comm.size === 1) return (decision) => decision();
  return (decision) => comm.broadcastObject(comm.rank === 0 ? decision() : undefined, 0);
}

/** The subdomains rank r owns: r, r+P, r+2P, … (docs/algorithms.md §0). */
export function ownedSubdomains(count: number, rank: number, size: number): number[] {
  return Array.from({ length: count }, (_, i) => i).filter((i) => i % size === rank);
}
