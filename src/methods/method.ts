import type { Vector } from "../linalg/vector.js";
import type { Problem } from "./problem.js";

/** What a method knows, all of it: plain values and vectors. A checkpoint is this. */
export interface State {
  /**
   * θ, (n), the point the next step starts from. Replaced by a step, not written to: it stays what it was until the step
   * after that. Whoever keeps it longer keeps a copy, since methods make later iterates in the place of earlier ones.
   */
  readonly theta: Vector;
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
  /** What local objectives fell by, summed; undefined where the method has none. */
  readonly predicted?: number;
}

/**
 * A method: how one step on one batch leads from state to state. It prints nothing, knows no file, and keeps nothing
 * between steps that is not in the state. All ranks hold the same state and take the same steps.
 */
export interface Method<S extends State = State> {
  start(theta0: Vector): S;
  /** Collective. The state given is spent: vectors of it but θ may be written to. */
  step(state: S, problem: Problem): Promise<{ readonly state: S; readonly report: StepReport }>;
  /**
   * The parameters that are tested, saved and exported, where that is not θ: a method that averages says its average. They
   * are replaced as θ is.
   */
  evaluationPoint?(state: S): Vector;
}
