import { number, type ValuesOf } from "../../config/option.js";
import { adamOptions } from "../first-order/options.js";
import { ratesOf, type scheduleOptions } from "../first-order/schedule.js";
import type { MethodContext } from "../problem.js";

/** What the first step is scaled by, a guess that is far too small on purpose: what the rules have instead of a rate. */
export const firstStep = (fallback: number, help: string) => number({ min: 1e-12, fallback, help });

export const { beta1, beta2, epsilon } = adamOptions({ epsilon: 1e-8, weightDecay: 0 });

/** γ_t, by which a schedule multiplies the step lengths found: 1 where none is asked for. */
export function factorsOf(
  schedule: ValuesOf<typeof scheduleOptions>,
  context: Pick<MethodContext, "plannedSteps">,
): (t: number) => number {
  return ratesOf({ learningRate: 1, ...schedule }, context);
}
