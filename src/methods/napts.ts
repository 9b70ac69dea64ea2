import { integer } from "../config/option.js";
import { normInf } from "../linalg/space.js";
import { addScaled, roomFor } from "../linalg/vector.js";
import { trustRegionStep } from "../trust-region/step.js";
import type { AptsState } from "./apts.js";
import { defineMethod } from "./description.js";
import type { Method } from "./method.js";
import { modelSteps } from "./model-steps.js";
import { decideOnRankZero, leadsNowhere, type MethodContext } from "./problem.js";
import { parameterSubdomains } from "./subdomains.js";
import { firstState, Surroundings } from "./surroundings.js";
import {
  checkRadii,
  partsOf,
  recommended,
  trustRegionOptions,
  type TrustRegionParts,
  vectorsOf,
} from "./trust-region-options.js";

export interface NaptsOptions extends TrustRegionParts {
  /** ν, local steps. */
  readonly localSteps: number;
  /** W, losses that acceptance looks back on; 1: monotone. */
  readonly window: number;
}

/**
 * NAPTS, ACLTK26: one call of `step` is one pass of docs/algorithms.md §8.1–5 for the batch it is given. A sum that is nearly
 * always accepted need be tried neither in parts nor before its gradient: so an iteration costs two gradients, and losses
 * for its global step alone.
 */
export function nonMonotone(context: MethodContext, options: NaptsOptions): Method<AptsState> {
  const { model, rule, window } = options;
  const decide = decideOnRankZero(context.comm);

  return {
    start: (theta) => ({ ...firstState(theta, options), before: [] }),

    async step(state, problem) {
      const { theta, radius } = state;
      const around = new Surroundings(model, problem, state);
      const before = around.sameBatch ? state.before : [];

      // 1  f_k = f(θ), g = ∇f(θ), f_ref
      const at = await around.here();
      const gradientNorm = await normInf(problem.space, at.g);
      if (leadsNowhere(context, gradientNorm)) {
        return {
          state: { theta, radius, before, ...around.known(at) },
          report: { loss: at.f, accepted: false, gradientNorm, radius },
        };
      }
      const losses = [...before, at.f].slice(-window);
      const reference = Math.max(...losses);

      // 2  s = Σ R_iᵀ s_i, by the models of the subdomains
      const preconditioner = parameterSubdomains(context, modelSteps, {
        ...options,
        curvature: around.curvature,
      });
      const { s, predicted } = await preconditioner.correct(problem, at, radius);

      // 3  θ_½ = θ + s, with its gradient
      const sum = await around.evaluate(addScaled(at.x, 1, s, roomFor(s.length)));
      const isGood = await decide(() => sum.f < reference);
      const half = isGood ? sum : at;
      const shorter = isGood ? radius : Math.max(rule.shrink * radius, rule.min);

      // 4, 5  one global trust-region step from θ_½
      const result = await trustRegionStep(problem, half, shorter, {
        ...options,
        curvature: around.curvature,
        reference: Math.max(half.f, reference),
        decide,
      });
      const { to, accepted, missed } = result;
      if (missed) await around.showTrial(missed);
      return {
        state: {
          theta: to.x,
          radius: result.radius,
          before: window === 1 ? [] : losses.slice(1 - window),
          ...around.known(accepted ? undefined : half),
        },
        report: { loss: to.f, accepted, gradientNorm, radius: result.radius, predicted },
      };
    },
  };
}

export const napts = defineMethod({
  name: "napts",
  summary: "APTS with non-monotone acceptance",
  source: "ACLTK26",
  batches: 1,
  decomposes: true,
  remembers: vectorsOf,
  options: {
    localSteps: integer({ min: 1, max: 1000, fallback: 1, help: "trust-region steps on a subdomain" }),
    window: integer({
      min: 1,
      max: 1000,
      fallback: 5,
      help: "accepted losses that acceptance looks back on",
    }),
    ...trustRegionOptions(recommended),
  },
  check: checkRadii,
  create: (context, options) => nonMonotone(context, { ...options, ...partsOf(options) }),
});
