import type { ValuesOf } from "../../config/option.js";
import type { Vector } from "../../linalg/vector.js";
import { defineMethod } from "../description.js";
import { adamOptions, MINI_BATCHES } from "../first-order/options.js";
import { ratesOf } from "../first-order/schedule.js";
import { gradientSteps, type Rule } from "../gradient-steps.js";
import type { MethodContext } from "../problem.js";
import { averagedOptions, setOut, shareOf, type Averaged } from "./average.js";

const { beta2, epsilon } = adamOptions({ epsilon: 1e-8, weightDecay: 0 });
const options = { ...averagedOptions(0.0025), beta2, epsilon }; // once to ten times the rate of AdamW

interface ScheduleFreeAdamWState extends Averaged {
  /** Average of g². */
  readonly v: Vector;
}

/**
 * Schedule-Free AdamW: Defazio et al., "The Road Less Scheduled" (NeurIPS 2024), Algorithm 1, in the form of its reference
 * code (facebookresearch/schedule_free 1.4), where the bias correction is no part of the rate that weights the average.
 *
 *   v ← β₂v + (1−β₂)g²,   z ← z − γλy − γ g / (√v̂ + ε),   x ← x + c(z − x),   y ← βx + (1−β)z
 */
function adamwRule(
  context: Pick<MethodContext, "plannedSteps">,
  { interpolation, beta2, epsilon, weightDecay, ...given }: ValuesOf<typeof options>,
): Rule<ScheduleFreeAdamWState> {
  const rateOf = ratesOf({ ...given, schedule: "constant" }, context);
  return {
    start: (theta) => ({ ...setOut(theta), v: new Float32Array(theta.length) }),
    advance(state, g, { room }) {
      const { theta: y, x, z, v } = state;
      const rate = rateOf(state.t + 1);
      const { share, ...account } = shareOf(rate, state);
      const scale = 1 / (1 - beta2 ** account.t); // v̂ = scale v
      const [nextX, nextY] = [room(), room()];
      for (let i = 0; i < y.length; i++) {
        const gradient = g[i]!;
        const square = beta2 * v[i]! + (1 - beta2) * gradient * gradient;
        const direction = gradient / (Math.sqrt(scale * square) + epsilon) + weightDecay * y[i]!;
        const moved = z[i]! - rate * direction;
        const average = x[i]! + share * (moved - x[i]!);
        v[i] = square;
        z[i] = moved;
        nextX[i] = average;
        nextY[i] = interpolation * average + (1 - interpolation) * moved;
      }
      return { ...account, theta: nextY, x: nextX, z, v };
    },
    evaluationPoint: ({ x }) => x,
  };
}

export const scheduleFreeAdamW = defineMethod({
  name: "schedule-free-adamw",
  summary: "AdamW, judged at an average instead of a falling rate",
  source: "Defazio et al., NeurIPS 2024",
  batches: MINI_BATCHES,
  remembers: () => 3,
  options,
  create: (context, values) => gradientSteps(context, adamwRule(context, values)),
});
