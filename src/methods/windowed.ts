import { integer } from "../config/option.js";
import { normInf } from "../linalg/space.js";
import type { Point, PointWithGradient } from "../trust-region/point.js";
import { trustRegionStep, type TrustRegionOptions } from "../trust-region/step.js";
import type { Method } from "./method.js";
import { leadsNowhere, type MethodContext, type Problem } from "./problem.js";
import { firstState, Surroundings, type TrustRegionState } from "./surroundings.js";
import type { TrustRegionParts } from "./trust-region-options.js";

export interface WindowedState extends TrustRegionState {
  /** The losses accepted before on this batch that acceptance looks back on, W − 1 at most. */
  readonly before: readonly number[];
}

/** What an iteration begins with. */
export interface Beginning {
  readonly problem: Problem;
  readonly around: Surroundings;
  /** θ, f_k = f(θ) and g = ∇f(θ) */
  readonly at: PointWithGradient;
  readonly gradientNorm: number;
  /** Δ */
  readonly radius: number;
  /** f_k, and before it what of the window was accepted on this batch. */
  readonly losses: readonly number[];
}

/** Where an iteration ends. */
export interface Ending {
  readonly to: Point;
  readonly accepted: boolean;
  readonly radius: number;
  /** `to` with its gradient, where that is known. */
  readonly stands: PointWithGradient | undefined;
}

/** A method whose iterations begin with f and ∇f on a batch, and whose acceptance looks back on W losses of that batch. */
export function windowed(
  context: MethodContext,
  options: TrustRegionParts & { readonly window: number },
  iterate: (beginning: Beginning) => Promise<Ending & { readonly predicted: number }>,
): Method<WindowedState> {
  return {
    start: (theta) => ({ ...firstState(theta, options), before: [] }),

    async step(state, problem) {
      const { theta, radius } = state;
      const around = new Surroundings(options.model, problem, state);
      const before = around.sameBatch ? state.before : [];
      const at = await around.here();
      const gradientNorm = await normInf(problem.space, at.g);
      if (leadsNowhere(context, gradientNorm)) {
        return {
          state: { theta, radius, before, ...around.known(at) },
          report: { loss: at.f, accepted: false, gradientNorm, radius },
        };
      }
      const losses = [...before, at.f];
      const beginning = { problem, around, at, gradientNorm, radius, losses };
      const { to, stands, accepted, predicted, radius: next } = await iterate(beginning);
      return {
        state: {
          theta: to.x,
          radius: next,
          before: lookedBackOn(losses, options.window),
          ...around.known(stands),
        },
        report: { loss: to.f, accepted, gradientNorm, radius: next, predicted },
      };
    },
  };
}

/** The last W − 1 losses. */
function lookedBackOn(losses: readonly number[], window: number): readonly number[] {
  return window === 1 ? [] : losses.slice(1 - window);
}

/** One trust-region step on f from θ_½, of which the model learns. */
export async function globalStep(
  around: Surroundings,
  half: PointWithGradient,
  radius: number,
  options: Omit<TrustRegionOptions, "curvature">,
): Promise<Ending> {
  const { curvature, problem } = around;
  const result = await trustRegionStep(problem, half, radius, { ...options, curvature });
  const { to, accepted, missed } = result;
  if (missed) await around.showTrial(missed);
  return { to, accepted, radius: result.radius, stands: accepted ? undefined : half };
}

/** The option W; 1: monotone (docs/algorithms.md §8). */
export function windowOption(fallback: number) {
  return integer({ min: 1, max: 1000, fallback, help: "accepted losses that acceptance looks back on" });
}
