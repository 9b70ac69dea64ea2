import { defineMethod } from "../description.js";
import { biasCorrection } from "./adam.js";
import { adamOptions, MINI_BATCHES, type AdamOptions } from "./options.js";
import { gradientMethod, type UpdateRule } from "./rule.js";
import { ratesOf } from "./schedule.js";

/**
 * NadamW: Adam with Nesterov's momentum (Dozat, ICLR 2016 workshop) and decoupled weight decay, in the form of Choi et
 * al., "On Empirical Comparisons of Optimizers for Deep Learning" (2019), that AlgoPerf's baselines have: the momentum
 * looks a step ahead, and its bias is corrected as Adam's, where Dozat corrects each of its two parts for itself.
 *
 *   m ← β₁m + (1−β₁)g,   v ← β₂v + (1−β₂)g²,   θ ← θ − ηλθ − η (β₁m + (1−β₁)g) / (1−β₁ᵗ) / (√v̂ + ε)
 */
function nadamwRule({ beta1, beta2, epsilon, weightDecay }: AdamOptions): UpdateRule<"m" | "v"> {
  return {
    remembers: ["m", "v"],
    update({ t, rate }, { m, v }, theta, g, out) {
      const { m: mScale, v: vScale } = biasCorrection(beta1, beta2, t);
      const keep = 1 - rate * weightDecay;
      for (let i = 0; i < theta.length; i++) {
        const gradient = g[i]!;
        const mean = beta1 * m[i]! + (1 - beta1) * gradient;
        const square = beta2 * v[i]! + (1 - beta2) * gradient * gradient;
        const ahead = beta1 * mean + (1 - beta1) * gradient;
        m[i] = mean;
        v[i] = square;
        out[i] = keep * theta[i]! - (rate * mScale * ahead) / (Math.sqrt(vScale * square) + epsilon);
      }
    },
  };
}

export const nadamw = defineMethod({
  name: "nadamw",
  summary: "AdamW with Nesterov's momentum",
  source: "Dozat, 2016; Choi et al., 2019",
  batches: MINI_BATCHES,
  remembers: () => 2,
  options: adamOptions({ epsilon: 1e-8, weightDecay: 0.01 }),
  create: (context, options) => gradientMethod(context, ratesOf(options, context), nadamwRule(options)),
});
