import { dot, normInf, scale, type Vector } from "../linalg/vector.js";

/** A trial step and the decrease its model predicts. */
export interface Step {
  readonly s: Vector;
  /** m(0) − m(s) > 0 */
  readonly predicted: number;
  /**
   * ‖s‖ in the norm of the ball it was sought in, for the test whether the step used its radius: the infinity norm for
   * order 1; for order 2 the 2-norm, whose ball of the same radius lies inside (ALGORITHMS §0).
   */
  readonly norm: number;
}

/** Where a step comes from: the minimiser of a model of f in a ball. */
export interface CurvatureModel {
  /**
   * The step for gradient `g` in the ball of `radius`; undefined at a stationary point of the model (g = 0 and no
   * negative curvature known) and where g is not finite.
   */
  step(g: Vector, radius: number): Step | undefined;
}

/** Order 1: s = −Δ g / ‖g‖_∞, predicted −gᵀs = Δ ‖g‖₂² / ‖g‖_∞ (ALGORITHMS §1.1). */
export const firstOrder: CurvatureModel = {
  step(g, radius) {
    const largest = normInf(g);
    if (!(largest > 0 && Number.isFinite(largest))) return undefined;
    const alpha = radius / largest;
    return { s: scale(-alpha, g, new Float32Array(g.length)), predicted: alpha * dot(g, g), norm: radius };
  },
};
