import type { ValuesOf } from "../../config/option.js";
import { defineMethod } from "../description.js";
import { MINI_BATCHES } from "../first-order/options.js";
import { ratesOf } from "../first-order/schedule.js";
import { gradientSteps, type Rule } from "../gradient-steps.js";
import type { MethodContext } from "../problem.js";
import { averagedOptions, setOut, shareOf, type Averaged } from "./average.js";

const options = averagedOptions(1); // ten to fifty times that of SGD with momentum

/**
 * Schedule-Free SGD: Defazio et al., "The Road Less Scheduled" (NeurIPS 2024), (3) to (5), in the form of its reference
 * code (facebookresearch/schedule_free): weight decay is added to the gradient.
 *
 *   z ← z − γ(g + λy),   x ← x + c(z − x),   y ← βx + (1−β)z
 */
function sgdRule(
  context: Pick<MethodContext, "plannedSteps">,
  { interpolation, weightDecay, ...given }: ValuesOf<typeof options>,
): Rule<Averaged> {
  const rateOf = ratesOf({ ...given, schedule: "constant" }, context);
  return {
    start: setOut,
    advance(state, g, { room }) {
      const { theta: y, x, z } = state;
      const rate = rateOf(state.t + 1);
      const { share, ...account } = shareOf(rate, state);
      const [nextX, nextY] = [room(), room()];
      for (let i = 0; i < y.length; i++) {
        const moved = z[i]! - rate * (g[i]! + weightDecay * y[i]!);
        const average = x[i]! + share * (moved - x[i]!);
        z[i] = moved;
        nextX[i] = average;
        nextY[i] = interpolation * average + (1 - interpolation) * moved;
      }
      return { ...account, theta: nextY, x: nextX, z };
    },
    evaluationPoint: ({ x }) => x,
  };
}

export const scheduleFreeSgd = defineMethod({
  name: "schedule-free-sgd",
  summary: "gradient descent, judged at an average instead of a falling rate",
  source: "Defazio et al., NeurIPS 2024",
  batches: MINI_BATCHES,
  remembers: () => 2,
  options,
  create: (context, values) => gradientSteps(context, sgdRule(context, values)),
});
