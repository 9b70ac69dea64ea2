import type { Vector } from "../linalg/vector.js";
import { firstOrder } from "../trust-region/first-order.js";
import { globalRule, initialRadius, type RadiusRule } from "../trust-region/radius.js";
import { trustRegionStep } from "../trust-region/step.js";
import { decideOnRankZero, type MethodContext, type Optimizer, type Problem } from "./problem.js";

export interface TrOptions {
  readonly maxTrials: number;
  readonly rule: RadiusRule;
  /** Δ⁰ */
  readonly radius: number;
}

export const trDefaults: TrOptions = { maxTrials: 10, rule: globalRule, radius: initialRadius };

/** `tr`: one trust-region step (ALGORITHMS §1) on each batch. A rejected step leaves its gradient for the next. */
export function tr(
  { comm }: MethodContext,
  { rule, maxTrials, radius: radius0 }: TrOptions,
  theta0: Vector,
): Optimizer {
  const decide = decideOnRankZero(comm);
  let theta = theta0;
  let radius = radius0;
  let known: { problem: Problem; f: number; g: Vector } | undefined;

  return {
    get theta() {
      return theta;
    },
    async step(problem) {
      if (known?.problem !== problem) {
        const g = new Float32Array(theta.length);
        known = { problem, f: await problem.objective.gradient(theta, g), g };
      }
      const options = { rule, model: firstOrder, maxTrials, decide };
      const result = await trustRegionStep(
        problem.objective,
        { x: theta, f: known.f },
        known.g,
        radius,
        options,
      );
      ({ x: theta, radius } = result);
      if (result.accepted) known = undefined;
      return { loss: result.f, accepted: result.accepted, radius };
    },
    save: () => ({ radius }),
    restore(restored, state) {
      theta = restored;
      radius = state["radius"] as number;
      known = undefined;
    },
  };
}
