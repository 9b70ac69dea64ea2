import { adamStep } from "../../linalg/adam-step.js";
import { defineMethod } from "../description.js";
import { adamOptions, MINI_BATCHES, type AdamOptions } from "./options.js";
import { gradientMethod, type UpdateRule } from "./rule.js";
import { ratesOf } from "./schedule.js";

/**
 * Adam: Kingma, Ba, "Adam: A Method for Stochastic Optimization" (ICLR 2015), Algorithm 1.
 *
 *   m ← β₁m + (1−β₁)g,   v ← β₂v + (1−β₂)g²,   θ ← θ − η m̂ / (√v̂ + ε)
 *
 * Weight decay is added to the gradient.
 */
function adamRule(options: AdamOptions): UpdateRule<"m" | "v"> {
  return rule(options, options.weightDecay, 0);
}

/** AdamW: Loshchilov, Hutter, "Decoupled Weight Decay Regularization" (ICLR 2019): Adam, and θ ← θ − ηλθ beside it. */
function adamwRule(options: AdamOptions): UpdateRule<"m" | "v"> {
  return rule(options, 0, options.weightDecay);
}

function rule(
  { beta1, beta2, epsilon }: AdamOptions,
  coupledDecay: number,
  decoupledDecay: number,
): UpdateRule<"m" | "v"> {
  return {
    remembers: ["m", "v"],
    update({ t, rate }, { m, v }, theta, g, out) {
      const { m: mScale, v: vScale } = biasCorrection(Math.fround(beta1), Math.fround(beta2), t); // as `adamStep` has them
      const keep = 1 - rate * decoupledDecay;
      adamStep(
        {
          beta1,
          beta2,
          coupled: coupledDecay,
          keep,
          rate: rate * mScale,
          scale: vScale,
          epsilon,
        },
        m,
        v,
        theta,
        g,
        out,
      );
    },
  };
}

/** m̂ = m / (1 − β₁ᵗ) and v̂ = v / (1 − β₂ᵗ), as factors: both averages start at zero and are too small at first. */
export function biasCorrection(
  beta1: number,
  beta2: number,
  t: number,
): { readonly m: number; readonly v: number } {
  return { m: 1 / (1 - beta1 ** t), v: 1 / (1 - beta2 ** t) };
}

export const adam = defineMethod({
  name: "adam",
  summary: "Adam",
  source: "Kingma, Ba, ICLR 2015",
  batches: MINI_BATCHES,
  remembers: () => 2,
  options: adamOptions({ epsilon: 1e-8, weightDecay: 0 }),
  create: (context, options) => gradientMethod(context, ratesOf(options, context), adamRule(options)),
});

export const adamw = defineMethod({
  name: "adamw",
  summary: "Adam with decoupled weight decay",
  source: "Loshchilov, Hutter, ICLR 2019",
  batches: MINI_BATCHES,
  remembers: () => 2,
  options: adamOptions({ epsilon: 1e-8, weightDecay: 0.01 }),
  create: (context, options) => gradientMethod(context, ratesOf(options, context), adamwRule(options)),
});
