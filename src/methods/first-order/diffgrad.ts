import { biasCorrection } from "./adam.js";
import { defineMethod } from "../description.js";
import { adamOptions, MINI_BATCHES, type AdamOptions } from "./options.js";
import { gradientMethod, type UpdateRule } from "./rule.js";
import { ratesOf } from "./schedule.js";

/**
 * diffGrad: Dubey et al., "diffGrad: An Optimization Method for Convolutional Neural Networks" (IEEE TNNLS 2020): Adam,
 * slowed to as little as half where the gradient hardly changes from step to step, as it does near a minimum.
 *
 *   ξ = 1 / (1 + exp(−|g_{t−1} − g_t|)),   θ ← θ − ηλθ − η ξ m̂ / (√v̂ + ε)
 */
function diffgradRule({ beta1, beta2, epsilon, weightDecay }: AdamOptions): UpdateRule<"m" | "v" | "last"> {
  return {
    remembers: ["m", "v", "last"],
    update({ t, rate }, { m, v, last }, theta, g, out) {
      const { m: mScale, v: vScale } = biasCorrection(beta1, beta2, t);
      const keep = 1 - rate * weightDecay;
      for (let i = 0; i < theta.length; i++) {
        const gradient = g[i]!;
        const mean = beta1 * m[i]! + (1 - beta1) * gradient;
        const square = beta2 * v[i]! + (1 - beta2) * gradient * gradient;
        const friction = 1 / (1 + Math.exp(-Math.abs(last[i]! - gradient)));
        m[i] = mean;
        v[i] = square;
        last[i] = gradient;
        const step = (rate * friction * mScale * mean) / (Math.sqrt(vScale * square) + epsilon);
        out[i] = keep * theta[i]! - step;
      }
    },
  };
}

export const diffgrad = defineMethod({
  name: "diffgrad",
  summary: "Adam, slower where the gradient hardly changes",
  source: "Dubey et al., IEEE TNNLS 2020",
  batches: MINI_BATCHES,
  remembers: () => 3,
  options: adamOptions({ epsilon: 1e-8, weightDecay: 0 }),
  create: (context, options) => gradientMethod(context, ratesOf(options, context), diffgradRule(options)),
});
