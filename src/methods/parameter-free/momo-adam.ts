import { number, type ValuesOf } from "../../config/option.js";
import type { Vector } from "../../linalg/vector.js";
import { defineMethod } from "../description.js";
import { biasCorrection } from "../first-order/adam.js";
import { adamOptions, MINI_BATCHES, rateOptions } from "../first-order/options.js";
import { ratesOf } from "../first-order/schedule.js";
import type { State } from "../method.js";
import { gradientSteps, type Rule } from "../gradient-steps.js";

const options = {
  ...adamOptions({ epsilon: 1e-8, weightDecay: 0 }),
  ...rateOptions(1e-2), // an upper bound
  lowerBound: number({ fallback: 0, help: "what no loss falls below" }), // f*
};

interface MomoState extends State {
  /** Steps taken. */
  readonly t: number;
  /** Averages of f, gᵀθ, g and g². */
  readonly f: number;
  readonly gamma: number;
  readonly d: Vector;
  readonly v: Vector;
}

/**
 * MoMo-Adam: Schaipp et al., "MoMo: Momentum Models for Adaptive Learning Rates" (ICML 2024), Algorithm 2 in the form of
 * the authors' code (fabian-sp/MoMo): Adam's direction, as far as a linear model of the loss takes to reach its lower bound.
 *
 *   d ← β₁d + (1−β₁)g,   v ← β₂v + (1−β₂)g²,   f̄ ← β₁f̄ + (1−β₁)f,   γ ← β₁γ + (1−β₁)gᵀθ
 *   ρ = 1 − β₁ᵗ,   D = diag(√v̂ + ε),   h = (1 + ηλ)(f̄ − ρf* − γ) + dᵀθ
 *   θ ← (θ − min(η/ρ, max(h, 0)/dᵀD⁻¹d) D⁻¹d) / (1 + ηλ)
 */
function momoAdamRule(
  rateOf: (t: number) => number,
  { beta1, beta2, epsilon, weightDecay, lowerBound }: ValuesOf<typeof options>,
): Rule<MomoState> {
  return {
    start: (theta) => ({
      theta,
      t: 0,
      f: 0,
      gamma: 0,
      d: new Float32Array(theta.length),
      v: new Float32Array(theta.length),
    }),
    async advance(state, g, { space, loss, room }) {
      const { theta, d, v } = state;
      const t = state.t + 1;
      const rate = rateOf(t);
      const grow = 1 + rate * weightDecay;
      const { m: unbias, v: vScale } = biasCorrection(beta1, beta2, t);
      let alongG = 0; // gᵀθ
      let alongD = 0; // dᵀθ
      let square = 0; // dᵀD⁻¹d
      for (let i = 0; i < g.length; i++) {
        const gradient = g[i]!;
        const mean = beta1 * d[i]! + (1 - beta1) * gradient;
        const meanSquare = beta2 * v[i]! + (1 - beta2) * gradient * gradient;
        d[i] = mean;
        v[i] = meanSquare;
        alongG += gradient * theta[i]!;
        alongD += mean * theta[i]!;
        square += (mean * mean) / (Math.sqrt(vScale * meanSquare) + epsilon);
      }
      const sums = await space.sum(Float64Array.of(alongG, alongD, square));
      const f = beta1 * state.f + (1 - beta1) * loss;
      const gamma = beta1 * state.gamma + (1 - beta1) * sums[0]!;
      const above = grow * (f - lowerBound / unbias - gamma) + sums[1]!; // h
      const tau = Math.min(rate * unbias, sums[2]! > 0 ? Math.max(above, 0) / sums[2]! : 0);
      const next = room();
      for (let i = 0; i < g.length; i++)
        next[i] = (theta[i]! - (tau * d[i]!) / (Math.sqrt(vScale * v[i]!) + epsilon)) / grow;
      return { theta: next, t, f, gamma, d, v };
    },
  };
}

export const momoAdam = defineMethod({
  name: "momo-adam",
  summary: "Adam, no further than a model of the loss goes",
  source: "Schaipp et al., ICML 2024",
  batches: MINI_BATCHES,
  remembers: () => 2,
  options,
  create: (context, values) => gradientSteps(context, momoAdamRule(ratesOf(values, context), values)),
});
