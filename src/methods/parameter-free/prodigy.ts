import { number, type ValuesOf } from "../../config/option.js";
import type { Vector } from "../../linalg/vector.js";
import { defineMethod } from "../description.js";
import { decay, MINI_BATCHES } from "../first-order/options.js";
import { scheduleOptions } from "../first-order/schedule.js";
import { beta1, beta2, epsilon, factorsOf, firstStep } from "./options.js";
import { gradientSteps, type Rule } from "../gradient-steps.js";
import { arrived, setOut, type Travelled } from "./travelled.js";

const options = {
  firstStep: firstStep(1e-6, "first estimate of the distance to a solution"), // d₀
  dCoef: number({ min: 1e-3, max: 1e3, fallback: 1, help: "factor of the estimated distance" }),
  ...scheduleOptions,
  beta1,
  beta2,
  epsilon,
  weightDecay: decay(0), // decoupled
};

interface ProdigyState extends Travelled {
  /** Steps taken. */
  readonly t: number;
  /** Estimate of ‖θ₀ − θ*‖_∞, which only grows. */
  readonly d: number;
  /** Σ of gᵀ(θ₀ − θ), weighted as s is. */
  readonly numerator: number;
  /** Averages of g and g². */
  readonly m: Vector;
  readonly v: Vector;
  /** Weighted sum of all gradients. */
  readonly s: Vector;
}

/**
 * Prodigy: Mishchenko, Defazio, "Prodigy: An Expeditiously Adaptive Parameter-Free Learner" (ICML 2024), Algorithm 4, in
 * the form of its reference code (konstmish/prodigy). With δ = d/d₀, β₃ = √β₂, and γ of a schedule:
 *
 *   r ← β₃r + γδ² gᵀ(θ₀ − θ),   s ← β₃s + γδ²g,   m ← β₁m + (1−β₁)δg,   v ← β₂v + (1−β₂)δ²g²
 *   d⁺ = max(d, c r/‖s‖₁),   θ ← θ − γdλθ − γd m / (√v + εd⁺/d₀),   d ← d⁺
 *
 * Weights are of δ, not of d, so that float32 holds v; a common factor of r and s, and of m, √v and ε, changes nothing.
 */
function prodigyRule(
  factorOf: (t: number) => number,
  { firstStep: d0, dCoef, beta1, beta2, epsilon, weightDecay }: ValuesOf<typeof options>,
): Rule<ProdigyState> {
  const beta3 = Math.sqrt(beta2);
  return {
    start: (theta) => ({
      ...setOut(theta),
      t: 0,
      d: d0,
      numerator: 0,
      m: new Float32Array(theta.length),
      v: new Float32Array(theta.length),
      s: new Float32Array(theta.length),
    }),
    async advance(state, g, { space, room }) {
      const { theta, offset, d, m, v, s } = state;
      const t = state.t + 1;
      const factor = factorOf(t);
      const weight = d / d0;
      const square = weight * weight;
      let along = 0; // gᵀ(θ₀ − θ)
      let size = 0; // ‖s‖₁
      for (let i = 0; i < g.length; i++) {
        const gradient = g[i]!;
        along -= gradient * offset[i]!;
        m[i] = beta1 * m[i]! + (1 - beta1) * weight * gradient;
        v[i] = beta2 * v[i]! + (1 - beta2) * square * gradient * gradient;
        const sum = beta3 * s[i]! + factor * square * gradient;
        s[i] = sum;
        size += Math.abs(sum);
      }
      const [progress, total] = await space.sum(Float64Array.of(along, size));
      const numerator = beta3 * state.numerator + factor * square * progress!;
      const grown = total! > 0 ? Math.max(d, (dCoef * numerator) / total!) : d;
      const floor = (epsilon * grown) / d0;
      for (let i = 0; i < g.length; i++)
        offset[i]! -= factor * d * (weightDecay * theta[i]! + m[i]! / (Math.sqrt(v[i]!) + floor));
      return { ...arrived(state, room()), t, d: grown, numerator, m, v, s };
    },
  };
}

export const prodigy = defineMethod({
  name: "prodigy",
  summary: "Adam by an estimated distance to the solution",
  source: "Mishchenko, Defazio, ICML 2024",
  batches: MINI_BATCHES,
  remembers: () => 5,
  options,
  create: (context, values) => gradientSteps(context, prodigyRule(factorsOf(values, context), values)),
});
