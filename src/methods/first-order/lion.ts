import type { ValuesOf } from "../../config/option.js";
import { defineMethod } from "../description.js";
import { MINI_BATCHES, rateOptions, decay, beta } from "./options.js";
import { gradientMethod, type UpdateRule } from "./rule.js";
import { ratesOf } from "./schedule.js";

const options = {
  ...rateOptions(1e-4), // about a tenth of Adam's
  beta1: beta(0.9, "share of the mean gradient in the step"),
  beta2: beta(0.99, "share of the mean gradient kept"),
  weightDecay: decay(0),
};

/**
 * Lion: Chen et al., "Symbolic Discovery of Optimization Algorithms" (NeurIPS 2023), Algorithm 2.
 *
 *   θ ← θ − η (sign(β₁m + (1−β₁)g) + λθ),   m ← β₂m + (1−β₂)g
 */
function lionRule({ beta1, beta2, weightDecay }: ValuesOf<typeof options>): UpdateRule<"m"> {
  return {
    remembers: ["m"],
    update({ rate }, { m }, theta, g, out) {
      for (let i = 0; i < theta.length; i++) {
        const direction = Math.sign(beta1 * m[i]! + (1 - beta1) * g[i]!);
        out[i] = theta[i]! - rate * (direction + weightDecay * theta[i]!);
        m[i] = beta2 * m[i]! + (1 - beta2) * g[i]!;
      }
    },
  };
}

export const lion = defineMethod({
  name: "lion",
  summary: "sign of an averaged gradient",
  source: "Chen et al., NeurIPS 2023",
  batches: MINI_BATCHES,
  remembers: () => 1,
  options,
  create: (context, values) => gradientMethod(context, ratesOf(values, context), lionRule(values)),
});
