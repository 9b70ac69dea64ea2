import { normInf } from "../linalg/space.js";
import { trustRegionStep } from "../trust-region/step.js";
import { defineMethod } from "./description.js";
import type { Method } from "./method.js";
import { decideOnRankZero, leadsNowhere, type MethodContext } from "./problem.js";
import { firstState, Surroundings, type TrustRegionState } from "./surroundings.js";
import {
  checkRadii,
  partsOf,
  published,
  trustRegionOptions,
  type TrustRegionParts,
  vectorsOf,
} from "./trust-region-options.js";

/** One trust-region step (docs/algorithms.md §1) on each batch. A rejected step leaves its gradient for the next. */
function trustRegion(context: MethodContext, options: TrustRegionParts): Method<TrustRegionState> {
  const { model } = options;
  const decide = decideOnRankZero(context.comm);
  return {
    start: (theta) => firstState(theta, options),
    async step(state, problem) {
      const { theta, radius } = state;
      const around = new Surroundings(model, problem, state);
      const at = await around.here();
      const gradientNorm = await normInf(problem.space, at.g);
      if (leadsNowhere(context, gradientNorm)) {
        return {
          state: { theta, radius, ...around.known(at) },
          report: { loss: at.f, accepted: false, gradientNorm, radius },
        };
      }
      const { curvature } = around;
      const result = await trustRegionStep(problem, at, radius, { ...options, curvature, decide });
      const { to, accepted } = result;
      // Of a mini-batch no other pair will be known: the next step is on another.
      const trial = result.missed ?? (accepted && !context.fullBatch ? to.x : undefined);
      if (trial) await around.showTrial(trial);
      return {
        state: { theta: to.x, radius: result.radius, ...around.known(accepted ? undefined : at) },
        report: { loss: to.f, accepted, gradientNorm, radius: result.radius },
      };
    },
  };
}

export const tr = defineMethod({
  name: "tr",
  summary: "trust region, no subdomains",
  source: "TCKK23 §2.1, CGT00 ch. 6",
  batches: 1,
  remembers: vectorsOf,
  options: trustRegionOptions(published),
  presets: { published },
  check: checkRadii,
  create: (context, options) => trustRegion(context, { ...options, ...partsOf(options) }),
});
