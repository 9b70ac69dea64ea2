import type { Vector } from "../linalg/vector.js";

/** A point with what is known of f there. Its vectors are never written to. */
export interface Point {
  /** (n) */
  readonly x: Vector;
  /** f(x) */
  readonly f: number;
  /** ∇f(x), (n) */
  readonly g?: Vector;
}

/** A point to step from. */
export type PointWithGradient = Required<Point>;
