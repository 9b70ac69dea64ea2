import { integer } from "../config/option.js";
import { addScaled, roomFor } from "../linalg/vector.js";
import { defineMethod } from "./description.js";
import type { Method } from "./method.js";
import { modelSteps } from "./model-steps.js";
import { decideOnRankZero, type MethodContext } from "./problem.js";
import { parameterSubdomains } from "./subdomains.js";
import {
  checkRadii,
  partsOf,
  recommended,
  trustRegionOptions,
  type TrustRegionParts,
  vectorsOf,
} from "./trust-region-options.js";
import { globalStep, windowed, windowOption, type WindowedState } from "./windowed.js";

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
export function nonMonotone(context: MethodContext, options: NaptsOptions): Method<WindowedState> {
  const { rule } = options;
  const decide = decideOnRankZero(context.comm);

  // 1  f_k = f(θ), g = ∇f(θ), f_ref
  return windowed(context, options, async ({ problem, around, at, radius, losses }) => {
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
    const accepting = { ...options, reference: Math.max(half.f, reference), decide };
    return { predicted, ...(await globalStep(around, half, shorter, accepting)) };
  });
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
    window: windowOption(5),
    ...trustRegionOptions(recommended),
  },
  check: checkRadii,
  create: (context, options) => nonMonotone(context, { ...options, ...partsOf(options) }),
});
