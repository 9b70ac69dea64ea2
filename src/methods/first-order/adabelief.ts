import { biasCorrection } from "./adam.js";
import { defineMethod } from "../description.js";
import { adamOptions, MINI_BATCHES, type AdamOptions } from "./options.js";
import { gradientMethod, type UpdateRule } from "./rule.js";
import { ratesOf } from "./schedule.js";

/**
 * AdaBelief: Zhuang et al., "AdaBelief Optimizer: Adapting Stepsizes by the Belief in Observed Gradients" (NeurIPS 2020),
 * Algorithm 2: Adam with the variance of the gradient around its mean instead of its square.
 *
 *   m ← β₁m + (1−β₁)g,   s ← β₂s + (1−β₂)(g − m)² + ε,   θ ← θ − ηλθ − η m̂ / (√ŝ + ε)
 */
function adabeliefRule({ beta1, beta2, epsilon, weightDecay }: AdamOptions): UpdateRule<"m" | "s"> {
  return {
    remembers: ["m", "s"],
    update({ t, rate }, { m, s }, theta, g, out) {
      const { m: mScale, v: sScale } = biasCorrection(beta1, beta2, t);
      const keep = 1 - rate * weightDecay;
      for (let i = 0; i < theta.length; i++) {
        const mean = beta1 * m[i]! + (1 - beta1) * g[i]!;
        const surprise = g[i]! - mean;
        const variance = beta2 * s[i]! + (1 - beta2) * surprise * surprise + epsilon;
        m[i] = mean;
        s[i] = variance;
        out[i] = keep * theta[i]! - (rate * mScale * mean) / (Math.sqrt(sScale * variance) + epsilon);
      }
    },
  };
}

export const adabelief = defineMethod({
  name: "adabelief",
  summary: "Adam by the variance of the gradient",
  source: "Zhuang et al., NeurIPS 2020",
  batches: MINI_BATCHES,
  remembers: () => 2,
  options: adamOptions({ epsilon: 1e-16, weightDecay: 0 }),
  create: (context, options) => gradientMethod(context, ratesOf(options, context), adabeliefRule(options)),
});
