// A method of one's own: Polyak's step size (1969), θ ← θ − (f(θ) − f*) / ‖∇f(θ)‖² ∇f(θ), no learning rate but f*.
//
//   npx apts train --method examples/polyak.mjs --help
//   npx apts train --method examples/polyak.mjs --ranks 2 --epochs 100
import { addScaled, defineMethod, dot, leadsNowhere, normInf, number } from "apts/methods";

export const method = defineMethod({
  name: "polyak",
  summary: "gradient descent with Polyak's step size",
  source: "Polyak, Introduction to Optimization, 1987, §5.3",
  batches: 1,
  options: {
    target: number({ min: 0, fallback: 0, help: "f*, the loss at the minimum" }),
    longest: number({ min: 0, fallback: 1, help: "longest step, as a multiple of the gradient" }),
  },
  create: (context, { target, longest }) => ({
    // All that is known from step to step; checkpoints hold it, and a resumed run goes on with the same bits.
    start: (theta) => ({ theta, steps: 0 }),
    async step({ theta, steps }, { objective, space }) {
      const g = new Float32Array(theta.length);
      const loss = await objective.gradient(theta, g);
      const gradientNorm = await normInf(space, g);
      if (leadsNowhere(context, gradientNorm))
        return { state: { theta, steps }, report: { loss, accepted: false, gradientNorm } };
      const length = Math.min(longest, (loss - target) / (await dot(space, g, g)));
      const next = addScaled(theta, -length, g, new Float32Array(theta.length));
      return {
        state: { theta: next, steps: steps + 1 },
        report: { loss, accepted: true, gradientNorm },
      };
    },
  }),
});
