import type { Vector } from "../linalg/vector.js";
import type { PointWithGradient } from "../trust-region/point.js";
import type { Problem } from "./problem.js";

/** What local solves make of a point together. */
export interface Correction {
  /** s, ‖s‖_∞ ≤ Δ, (n), the same on all ranks. */
  readonly s: Vector;
  /** What the local objectives fell by, summed. */
  readonly predicted: number;
}

/** Steps 3 and 4 of Algorithm 1 (docs/algorithms.md §4): local problems solved in parallel, their corrections summed. */
export interface Preconditioner {
  /** Collective. */
  correct(batch: Problem, at: PointWithGradient, radius: number): Promise<Correction>;
}
