import { flag, type ValuesOf } from "../../config/option.js";
import { defineMethod } from "../description.js";
import { MINI_BATCHES, rateOptions, decay, beta } from "./options.js";
import { gradientMethod, type UpdateRule } from "./rule.js";
import { ratesOf } from "./schedule.js";

const options = {
  ...rateOptions(0.1),
  momentum: beta(0.9, "share of the velocity kept"), // μ; 0 is plain gradient descent
  nesterov: flag({ fallback: false, help: "look ahead along the velocity" }),
  weightDecay: decay(0), // added to the gradient as λθ
};

/**
 * Gradient descent with momentum, in the form of Sutskever et al., "On the importance of initialization and momentum in
 * deep learning" (ICML 2013), with the learning rate outside the velocity, as PyTorch has it:
 *
 *   b ← μb + g,   θ ← θ − ηb,   Nesterov: θ ← θ − η(g + μb)
 */
function sgdRule({ momentum, nesterov, weightDecay }: ValuesOf<typeof options>): UpdateRule {
  if (momentum === 0) {
    return {
      remembers: [],
      update({ rate }, _, theta, g, out) {
        for (let i = 0; i < theta.length; i++) out[i] = theta[i]! - rate * (g[i]! + weightDecay * theta[i]!);
      },
    };
  }
  const velocities: UpdateRule<"b"> = {
    remembers: ["b"],
    update({ rate }, { b }, theta, g, out) {
      for (let i = 0; i < theta.length; i++) {
        const gradient = g[i]! + weightDecay * theta[i]!;
        const velocity = momentum * b[i]! + gradient;
        b[i] = velocity;
        out[i] = theta[i]! - rate * (nesterov ? gradient + momentum * velocity : velocity);
      }
    },
  };
  return velocities;
}

export const sgd = defineMethod({
  name: "sgd",
  summary: "gradient descent with momentum",
  source: "Sutskever et al., ICML 2013",
  batches: MINI_BATCHES,
  remembers: ({ momentum }) => (momentum === 0 ? 0 : 1),
  options,
  create: (context, values) => gradientMethod(context, ratesOf(values, context), sgdRule(values)),
});
