import type { Vector } from "../linalg/vector.js";

/** A trial step and the decrease its model predicts. */
export interface Step {
  readonly s: Vector;
  /** m(0) − m(s) > 0 */
  readonly predicted: number;
  /**
   * ‖s‖ in the norm of the ball it was sought in, for the test whether the step used its radius: the infinity norm,
   * but for L-SR1 the 2-norm, whose ball of the same radius lies inside (docs/algorithms.md §0).
   */
  readonly norm: number;
}

/** R_i as a model needs it; `Subdomain` of the decompositions is one. */
export interface Restriction {
  /** n_i */
  readonly size: number;
  /** θ ↦ R_iθ, (n) → (n_i), a new array. */
  restrict(theta: Vector): Vector;
}

/** What a checkpoint keeps of a model: plain values and typed arrays. */
export type ModelState = Readonly<Record<string, unknown>>;

/**
 * Where steps come from: a model of f that is minimised in a ball, and that may learn from the gradients seen on the
 * way. Vectors passed in are kept, never written to.
 */
export interface Model {
  /**
   * The step for gradient `g` in the ball of `radius`; undefined at a stationary point of the model (g = 0 and no
   * negative curvature known) and where g is not finite.
   */
  step(g: Vector, radius: number): Step | undefined;
  /** f has gradient `g`, all of it finite, at `x`. */
  observe(x: Vector, g: Vector): void;
  /**
   * f has gradient `g` at `x`, a trial from the point observed last. Only models that learn from pairs of points of
   * one batch have this: to them a gradient is worth its price where the method itself needs none (docs/algorithms.md §2).
   */
  observeTrial?(x: Vector, g: Vector): void;
  /** Gradients from here on are of another f: they are never subtracted from earlier ones (docs/algorithms.md §2). */
  startBatch(): void;
  /** The model a subdomain starts from: this one's knowledge of the subdomain's parameters (TCKK23 §3.1). */
  restrict(subdomain: Restriction): Model;
  save(): ModelState;
  restore(state: ModelState): void;
}
