import { flag } from "../../config/option.js";
import { defineMethod } from "../description.js";
import { MINI_BATCHES, rate, decay, beta } from "./options.js";
import { gradientMethod, type UpdateRule } from "./rule.js";

export interface SgdOptions {
  /** η */
  readonly learningRate: number;
  /** μ; 0 is plain gradient descent. */
  readonly momentum: number;
  readonly nesterov: boolean;
  /** λ, added to the gradient as λθ. */
  readonly weightDecay: number;
}

/**
 * Gradient descent with momentum, in the form of Sutskever et al., "On the importance of initialization and momentum in
 * deep learning" (ICML 2013), with the learning rate outside the velocity, as PyTorch has it:
 *
 *   b ← μb + g,   θ ← θ − ηb,   Nesterov: θ ← θ − η(g + μb)
 */
export function sgdRule({ learningRate, momentum, nesterov, weightDecay }: SgdOptions): UpdateRule<"b"> {
  return {
    remembers: ["b"],
    update(_, { b }, theta, g, out) {
      for (let i = 0; i < theta.length; i++) {
        const gradient = g[i]! + weightDecay * theta[i]!;
        const velocity = momentum * b[i]! + gradient;
        b[i] = velocity;
        out[i] = theta[i]! - learningRate * (nesterov ? gradient + momentum * velocity : velocity);
      }
    },
  };
}

export const sgd = defineMethod({
  name: "sgd",
  summary: "gradient descent with momentum",
  source: "Sutskever et al., ICML 2013",
  batches: MINI_BATCHES,
  options: {
    learningRate: rate(0.1),
    momentum: beta(0.9, "share of the velocity kept"),
    nesterov: flag({ fallback: false, help: "look ahead along the velocity" }),
    weightDecay: decay(0),
  },
  create: (context, options) => gradientMethod(context, sgdRule(options)),
});
