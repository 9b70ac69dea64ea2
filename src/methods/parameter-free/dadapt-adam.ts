import type { ValuesOf } from "../../config/option.js";
import type { Vector } from "../../linalg/vector.js";
import { defineMethod } from "../description.js";
import { decay, MINI_BATCHES } from "../first-order/options.js";
import { scheduleOptions } from "../first-order/schedule.js";
import type { State } from "../method.js";
import { beta1, beta2, epsilon, factorsOf, firstStep } from "./options.js";
import { gradientSteps, type Rule } from "../gradient-steps.js";

const options = {
  firstStep: firstStep(1e-6, "first estimate of the distance to a solution"), // d₀
  ...scheduleOptions,
  beta1,
  beta2,
  epsilon,
  weightDecay: decay(0), // added to the gradient as λθ
};

interface DAdaptState extends State {
  /** Steps taken. */
  readonly t: number;
  /** Estimate of ‖θ₀ − θ*‖_∞, which only grows. */
  readonly d: number;
  /** Average of γd gᵀA⁻¹s. */
  readonly numerator: number;
  /** Averages of γdg, of g², and, slower than m, of γdg. */
  readonly m: Vector;
  readonly v: Vector;
  readonly s: Vector;
}

/**
 * D-Adapt Adam: Defazio, Mishchenko, "Learning-Rate-Free Learning by D-Adaptation" (ICML 2023), Algorithm 5, in the form
 * of its reference code (facebookresearch/dadaptation, version 3). With β₃ = √β₂, γ of a schedule, and A = √v + ε from
 * before the step:
 *
 *   r ← β₃r + (1−β₃)γd gᵀA⁻¹s,   m ← β₁m + (1−β₁)γdg,   v ← β₂v + (1−β₂)g²,   s ← β₃s + (1−β₃)γdg
 *   d ← max(d, r / ((1−β₃)‖s‖₁)),   θ ← θ − m / (√v + ε)
 */
function dadaptRule(
  factorOf: (t: number) => number,
  { firstStep: d0, beta1, beta2, epsilon, weightDecay }: ValuesOf<typeof options>,
): Rule<DAdaptState> {
  const beta3 = Math.sqrt(beta2);
  return {
    start: (theta) => ({
      theta,
      t: 0,
      d: d0,
      numerator: 0,
      m: new Float32Array(theta.length),
      v: new Float32Array(theta.length),
      s: new Float32Array(theta.length),
    }),
    async advance({ theta, t: before, d, numerator: known, m, v, s }, g, { space, room }) {
      const t = before + 1;
      const rate = factorOf(t) * d;
      const next = room();
      let along = 0; // gᵀA⁻¹s
      let size = 0; // ‖s‖₁
      for (let i = 0; i < g.length; i++) {
        const gradient = g[i]! + weightDecay * theta[i]!;
        along += (gradient * s[i]!) / (Math.sqrt(v[i]!) + epsilon);
        const mean = beta1 * m[i]! + (1 - beta1) * rate * gradient;
        const square = beta2 * v[i]! + (1 - beta2) * gradient * gradient;
        const sum = beta3 * s[i]! + (1 - beta3) * rate * gradient;
        size += Math.abs(sum);
        m[i] = mean;
        v[i] = square;
        s[i] = sum;
        next[i] = theta[i]! - mean / (Math.sqrt(square) + epsilon);
      }
      const [product, total] = await space.sum(Float64Array.of(along, size));
      const numerator = beta3 * known + (1 - beta3) * rate * product!;
      const grown = total! > 0 ? Math.max(d, numerator / ((1 - beta3) * total!)) : d;
      return { theta: next, t, d: grown, numerator, m, v, s };
    },
  };
}

export const dadaptAdam = defineMethod({
  name: "dadapt-adam",
  summary: "Adam by D-Adaptation",
  source: "Defazio, Mishchenko, ICML 2023",
  batches: MINI_BATCHES,
  remembers: () => 3,
  options,
  create: (context, values) => gradientSteps(context, dadaptRule(factorsOf(values, context), values)),
});
