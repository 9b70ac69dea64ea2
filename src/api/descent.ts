import { normInf } from "../linalg/space.js";
import type { Vector } from "../linalg/vector.js";
import type { Method, State, StepReport } from "../methods/method.js";
import type { MethodContext } from "../methods/problem.js";
import { DivergedError } from "../run/divergence.js";
import { afterStep, endOf, noProgress } from "../run/progress.js";
import { agree } from "../run/wishes.js";
import type { Evaluations, PlainProblem } from "./plain-problem.js";

/** What one step of a minimisation did. */
export interface IterationReport {
  /** From 1 on. */
  readonly iteration: number;
  /** (n), where the step ended. */
  readonly x: Float32Array;
  /** f as the step knows it: at x; of first-order rules (sgd, adam, …), which look before they leap, where it began. */
  readonly f: number;
  /** ‖∇f‖_∞ where the step began. */
  readonly gradientNorm: number;
  readonly accepted: boolean;
  /** Of the trust region after the step, where the method has one. */
  readonly radius?: number;
}

/** Where a minimisation ended, and why. */
export interface Minimum {
  /** (n) */
  readonly x: Float32Array;
  /** f(x) */
  readonly f: number;
  /** ‖∇f(x)‖_∞ */
  readonly gradientNorm: number;
  /** Steps made, those included that were rejected. */
  readonly iterations: number;
  /** Of all of f, by all ranks together or, for a subdomain, by one of them. */
  readonly evaluations: Readonly<Evaluations>;
  /**
   * `converged`: the gradient is within the tolerance. `stalled`: five steps in a row left x where it was, mostly since
   * float32 knows no better point. `stopped`: by the callback or the signal.
   */
  readonly ended: "converged" | "stalled" | "iterations" | "stopped";
}

/** Who looks on, and may end it. */
export interface Watch {
  readonly onIteration?: ((report: IterationReport) => unknown) | undefined;
  readonly signal?: AbortSignal | undefined;
}

/**
 * Steps from x0 until one of the ends. Collective; what a callback throws ends it on all ranks and is thrown on its own.
 * @throws DivergedError
 */
export async function descend(
  method: Method,
  x0: Vector,
  problem: PlainProblem,
  context: MethodContext,
  { onIteration, signal }: Watch,
): Promise<Minimum> {
  const { comm, plannedSteps, tolerance } = context;
  let state = method.start(x0);
  let progress = noProgress;
  let iterations = 0;
  let failure: { readonly error: unknown } | undefined;
  let stop = false;

  async function tell({ loss, accepted, gradientNorm, radius }: StepReport): Promise<void> {
    try {
      const known = { iteration: iterations, f: loss, gradientNorm, accepted };
      const report = { ...known, x: state.theta.slice(), ...(radius === undefined ? {} : { radius }) };
      stop = (await onIteration?.(report)) === false;
    } catch (error) {
      failure = { error };
      stop = true;
    }
  }

  async function end(): Promise<Minimum["ended"]> {
    for (;;) {
      if ((await agree(comm, stop || signal?.aborted ? "stop" : "go on")) === "stop") return "stopped";
      if (iterations === plannedSteps) return "iterations";
      const from = state.theta;
      const after = await method.step(state, problem);
      expectFinite(after.report, from, iterations);
      ({ state } = after);
      progress = await afterStep(problem.space, progress, after.report, from, state.theta);
      const ended = endOf(progress, context);
      if (ended === "converged") return ended; // found where the step began, which it made none of
      iterations++;
      if (onIteration) await tell(after.report);
      if (ended) return ended;
    }
  }

  const ended = await end();
  const x = pointOf(method, state).slice();
  const g = new Float32Array(x.length);
  const f = await problem.objective.gradient(x, g);
  const gradientNorm = await normInf(problem.space, g);
  const evaluations = await problem.evaluations();
  if (failure) throw failure.error;
  expectFinite({ loss: f, gradientNorm }, x, iterations);
  return {
    x,
    f,
    gradientNorm,
    iterations,
    evaluations,
    ended: gradientNorm <= tolerance ? "converged" : ended,
  };
}

function pointOf(method: Method, state: State): Vector {
  return method.evaluationPoint?.(state) ?? state.theta;
}

/** @throws DivergedError where a step began or ended at a point from which none can be made */
function expectFinite(
  { loss, gradientNorm }: Pick<StepReport, "loss" | "gradientNorm">,
  x: Vector,
  iterations: number,
): void {
  if (Number.isFinite(loss) && Number.isFinite(gradientNorm)) return;
  const where = iterations === 0 ? "at x0" : `after iteration ${iterations}`;
  const got = Number.isFinite(loss) ? `a gradient of norm ${gradientNorm}` : `f = ${loss}`;
  const advice = x.every(Number.isFinite)
    ? "Start elsewhere, or let the method take shorter steps."
    : "Some components of x are not finite: let the method take shorter steps.";
  throw new DivergedError(`Expected f and its gradient to be finite ${where}, got ${got}. ${advice}`);
}
