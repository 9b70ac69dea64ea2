import type { UpdateRule } from "./rule.js";

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
export function sgd({ learningRate, momentum, nesterov, weightDecay }: SgdOptions): UpdateRule<"b"> {
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
