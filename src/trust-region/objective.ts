import type { Vector } from "../linalg/vector.js";

/**
 * f on one batch. One interface serves the network's loss on all ranks, a subdomain's f̃_i and analytic test
 * functions, so that one trust-region loop serves them all.
 */
export interface Objective {
  /** f(x) */
  value(x: Vector): Promise<number>;
  /** out ← ∇f(x); returns f(x). */
  gradient(x: Vector, out: Vector): Promise<number>;
}
