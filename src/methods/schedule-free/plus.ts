import { number, type ValuesOf } from "../../config/option.js";
import type { Vector } from "../../linalg/vector.js";
import { defineMethod } from "../description.js";
import { biasCorrection } from "../first-order/adam.js";
import { adamOptions, beta, MINI_BATCHES } from "../first-order/options.js";
import { ratesOf } from "../first-order/schedule.js";
import { gradientSteps, type Rule } from "../gradient-steps.js";
import type { MethodContext } from "../problem.js";
import { averagedOptions, setOut, shareOf, tracking, type Averaged } from "./average.js";

const { beta1, epsilon } = adamOptions({ epsilon: 1e-8, weightDecay: 0 });
const options = {
  ...averagedOptions(1, "factor of the step length that the loss gives"),
  lastInterpolation: beta(0.965, "what --interpolation grows to"),
  annealing: number({ min: 0, max: 1, fallback: 0, help: "share of the run in which it does" }),
  beta1,
  beta2: beta(0.95, "share of the mean square kept"),
  epsilon,
};

interface ScheduleFreePlusState extends Averaged {
  /** Averages of g and g². */
  readonly m: Vector;
  readonly v: Vector;
}

/** ‖g‖₁ √(π/2) estimates √n ‖g‖₂ where the components of g are normal. */
const SIZE = Math.sqrt(Math.PI / 2);

/**
 * ScheduleFree+: Defazio, "ScheduleFree+: Scaling Learning-Rate-Free & Schedule-Free Learning to Large Language Models"
 * (arXiv 2605.19095, 2026), in the form of its reference code (adamc_schedulefree_plus_paper.py), with its default, no
 * averaging of the gradient's norm. Adam's direction, by the step length of Polyak for a loss that could fall to 0:
 *
 *   γ = η max(0, f(y) + β gᵀ(z − x)) / (‖g‖₁ √(π/2)),   m ← β₁m + (1−β₁)g,   v ← β₂v + (1−β₂)g²,
 *   z ← z − γ²λy − γ m̂ / (√v̂ + ε),   x ← x + c(z − x),   y ← βx + (1−β)z
 *
 * In the warm-up of η the average is z itself. 1 − β falls geometrically where it is annealed.
 */
function plusRule(
  context: Pick<MethodContext, "plannedSteps">,
  values: ValuesOf<typeof options>,
): Rule<ScheduleFreePlusState> {
  const { interpolation, lastInterpolation, annealing, beta1, beta2, epsilon, weightDecay } = values;
  const factorOf = ratesOf({ ...values, schedule: "constant" }, context);
  const warm = Math.round(values.warmup * context.plannedSteps);
  const annealed = Math.round(annealing * context.plannedSteps);

  /** β of step t */
  function interpolationOf(t: number): number {
    if (annealed === 0) return interpolation;
    const progress = Math.min((t - 1) / annealed, 1);
    return 1 - (1 - interpolation) ** (1 - progress) * (1 - lastInterpolation) ** progress;
  }

  return {
    start: (theta) => ({
      ...setOut(theta),
      m: new Float32Array(theta.length),
      v: new Float32Array(theta.length),
    }),
    async advance(state, g, { space, loss, room }) {
      const { theta: y, x, z, m, v } = state;
      const t = state.t + 1;
      const blend = interpolationOf(t);
      let size = 0; // ‖g‖₁
      let along = 0; // gᵀ(z − x)
      for (let i = 0; i < g.length; i++) {
        size += Math.abs(g[i]!);
        along += g[i]! * (z[i]! - x[i]!);
      }
      const [norm, slope] = await space.sum(Float64Array.of(size, along));
      const gap = Math.max(0, loss + blend * slope!);
      const rate = norm! > 0 ? (factorOf(t) * gap) / (SIZE * norm!) : 0;
      const { share, ...account } = t <= warm ? tracking(rate, state) : shareOf(rate, state);
      const { m: mScale, v: vScale } = biasCorrection(beta1, beta2, t);
      const shrink = rate * rate * weightDecay;
      const [nextX, nextY] = [room(), room()];
      for (let i = 0; i < y.length; i++) {
        const gradient = g[i]!;
        const mean = beta1 * m[i]! + (1 - beta1) * gradient;
        const square = beta2 * v[i]! + (1 - beta2) * gradient * gradient;
        const step = (rate * mScale * mean) / (Math.sqrt(vScale * square) + epsilon);
        const moved = z[i]! - shrink * y[i]! - step;
        const average = x[i]! + share * (moved - x[i]!);
        m[i] = mean;
        v[i] = square;
        z[i] = moved;
        nextX[i] = average;
        nextY[i] = blend * average + (1 - blend) * moved;
      }
      return { ...account, theta: nextY, x: nextX, z, m, v };
    },
    evaluationPoint: ({ x }) => x,
  };
}

export const scheduleFreePlus = defineMethod({
  name: "schedule-free-plus",
  summary: "schedule-free Adam, its step length from the loss",
  source: "Defazio, arXiv 2605.19095, 2026",
  batches: MINI_BATCHES,
  remembers: () => 4,
  options,
  create: (context, values) => gradientSteps(context, plusRule(context, values)),
});
