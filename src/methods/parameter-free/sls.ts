import { number, type ValuesOf } from "../../config/option.js";
import { dot, normInf } from "../../linalg/space.js";
import { addScaled, roomFor } from "../../linalg/vector.js";
import { defineMethod } from "../description.js";
import { MINI_BATCHES } from "../first-order/options.js";
import type { Method, State } from "../method.js";
import { decideOnRankZero, leadsNowhere, type MethodContext } from "../problem.js";
import { firstStep } from "./options.js";

const options = {
  firstStep: firstStep(1, "first length tried, in gradients"),
  maxStep: number({ min: 1e-12, fallback: 10, help: "longest step tried, in gradients" }), // η_max
  armijo: number({
    min: 0,
    max: 1,
    fallback: 0.1,
    help: "share of the slope's promise that a step must keep",
  }), // c
};

/** β: a length that is refused, shortened. */
const SHORTEN = 0.9;
/** γ: how much longer steps may become in an epoch. */
const LENGTHEN = 2;
const MAX_TRIALS = 100;

interface SlsState extends State {
  /** η, of the last step. */
  readonly eta: number;
}

/**
 * Stochastic line search: Vaswani et al., "Painless Stochastic Gradient: Interpolation, Line-Search, and Convergence Rates"
 * (NeurIPS 2019), Algorithm 1 with option 2 of Algorithm 2, of n batches in an epoch:
 *
 *   η ← min(γ^(1/n) η, η_max),   η ← βη until f(θ − ηg) ≤ f(θ) − cη‖g‖₂²,   θ ← θ − ηg,   all f on the step's batch
 *
 * Defaults are those of the authors' code (IssamLaradji/sls). That moves by 10⁻⁶ g where 100 lengths did not do; here θ stays.
 */
function stochasticLineSearch(
  context: MethodContext,
  { firstStep, maxStep, armijo }: ValuesOf<typeof options>,
): Method<SlsState> {
  const decide = decideOnRankZero(context.comm);
  const lengthen = LENGTHEN ** (1 / context.stepsPerEpoch);
  return {
    start: (theta) => ({ theta, eta: firstStep }),
    async step(state, { objective, space }) {
      const { theta } = state;
      const g = roomFor(theta.length);
      const loss = await objective.gradient(theta, g);
      const gradientNorm = await normInf(space, g);
      if (leadsNowhere(context, gradientNorm))
        return { state, report: { loss, accepted: false, gradientNorm } };
      const slope = await dot(space, g, g); // −φ′(0)
      const x = roomFor(theta.length);
      let eta = Math.min(lengthen * state.eta, maxStep);
      for (let trial = 0; trial < MAX_TRIALS; trial++) {
        addScaled(theta, -eta, g, x);
        const f = await objective.value(x);
        if (await decide(() => f <= loss - armijo * eta * slope))
          return { state: { theta: x, eta }, report: { loss: f, accepted: true, gradientNorm } };
        eta *= SHORTEN;
      }
      return { state: { theta, eta }, report: { loss, accepted: false, gradientNorm } };
    },
  };
}

export const sls = defineMethod({
  name: "sls",
  summary: "gradient descent by line searches on mini-batches",
  source: "Vaswani et al., NeurIPS 2019",
  batches: MINI_BATCHES,
  remembers: () => 0,
  options,
  create: stochasticLineSearch,
});
