import type { Restriction } from "../../linalg/restriction.js";
import type { Awaitable, VectorSpace } from "../../linalg/space.js";
import type { Vector } from "../../linalg/vector.js";

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

/** A gradient and where it was found. */
export interface Slope {
  readonly x: Vector;
  readonly g: Vector;
}

/**
 * Where steps come from: a model of f that is minimised in a ball, and that may learn from the gradients seen on the
 * way. What it has learnt is a value C, plain numbers and vectors: it is given, never written to, and comes back
 * changed. Vectors passed in are kept, never written to.
 */
export interface CurvatureModel<C = unknown> {
  /** What is known before the first gradient. @param size entries of the vectors held here */
  start(size: number): C;
  /**
   * The step for gradient `g` in the ball of `radius`; undefined at a stationary point of the model (g = 0 and no
   * negative curvature known) and where g is not finite.
   */
  step(curvature: C, space: VectorSpace, g: Vector, radius: number): Awaitable<Step | undefined>;
  /** f has this gradient, all of it finite. */
  observe(curvature: C, space: VectorSpace, at: Slope): Awaitable<C>;
  /**
   * f has this gradient at a trial from the point observed last. Only models that learn from pairs of points of one
   * batch have this: to them a gradient is worth its price where the method itself needs none (docs/algorithms.md §2).
   */
  observeTrial?(curvature: C, space: VectorSpace, at: Slope): Awaitable<C>;
  /** Gradients from here on are of another f: they are never subtracted from earlier ones (docs/algorithms.md §2). */
  startBatch(curvature: C): C;
  /** What a subdomain starts from: what is known of its parameters (TCKK23 §3.1), whole in this process. */
  restrict(curvature: C, subdomain: Restriction): Awaitable<C>;
}
