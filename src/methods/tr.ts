import { normInf, type Vector } from "../linalg/vector.js";
import type { Model, ModelState } from "../trust-region/model.js";
import type { RadiusRule } from "../trust-region/radius.js";
import { trustRegionStep } from "../trust-region/step.js";
import { KnownPoints } from "./known.js";
import {
  decideOnRankZero,
  leadsNowhere,
  type MethodContext,
  type MethodState,
  type Optimizer,
} from "./problem.js";

export interface TrOptions {
  /** Where steps come from; it has seen nothing yet. */
  readonly model: Model;
  readonly maxTrials: number;
  readonly tryLonger: boolean;
  readonly rule: RadiusRule;
  /** Δ⁰ */
  readonly radius: number;
}

/** `tr`: one trust-region step (docs/algorithms.md §1) on each batch. A rejected step leaves its gradient for the next. */
export function tr(context: MethodContext, options: TrOptions, theta0: Vector): Optimizer {
  const { model } = options;
  const decide = decideOnRankZero(context.comm);
  const known = new KnownPoints(model);
  let theta = theta0;
  let radius = options.radius;

  return {
    get theta() {
      return theta;
    },
    async step(problem) {
      const at = await known.at(problem, theta);
      const gradientNorm = normInf(at.g);
      if (leadsNowhere(context, gradientNorm)) {
        known.moveTo(at);
        return { loss: at.f, accepted: false, gradientNorm, radius };
      }
      const result = await trustRegionStep(problem.objective, at, at.g, radius, { ...options, decide });
      ({ x: theta, radius } = result);
      known.moveTo(result.accepted ? undefined : at);
      // Of a mini-batch no other pair will be known: the next step is on another.
      const trial = result.missed ?? (result.accepted && !context.fullBatch ? theta : undefined);
      if (trial) await known.showTrial(problem, trial);
      return { loss: result.f, accepted: result.accepted, gradientNorm, radius };
    },
    save: () => ({ radius, model: model.save(), known: known.save() }),
    restore(restored, state, problem) {
      theta = restored;
      radius = state["radius"] as number;
      model.restore(state["model"] as ModelState);
      known.restore(state["known"] as MethodState, problem);
    },
  };
}
