import { normInf, same, sum } from "../linalg/space.js";
import { SpareVectors } from "../linalg/spare-vectors.js";
import type { Vector } from "../linalg/vector.js";
import type { RadiusRule } from "../trust-region/radius.js";
import { begun, judged, type Judgement, type Judgements } from "./judgement.js";
import type { Method, State } from "./method.js";
import { decideOnRankZero, type MethodContext, type Problem } from "./problem.js";
import { decrease, walkStep } from "./walk-step.js";

export interface StochasticOptions {
  /** M: mini-batches from one judgement to the next. */
  readonly judgeEvery: number;
  /** Δ⁰ */
  readonly radius: number;
  readonly rule: Pick<RadiusRule, "grow" | "min" | "max">;
}

export interface StochasticState extends State {
  /** Gradients seen. */
  readonly t: number;
  /** Averages of g and g², (n). */
  readonly m: Vector;
  readonly v: Vector;
  /** x̄, (n), the accepted point: the average of the last iterates. */
  readonly average: Vector;
  /** What x̄ was at step `t`, about a tenth of all steps ago. */
  readonly earlier: { readonly t: number; readonly average: Vector };
  /** Δ */
  readonly radius: number;
  readonly judgements: Judgements;
}

/** Early on it is judged more often: whenever a tenth of all steps was not. */
const EARLY = 10;
/** Whether x̄ has risen is asked of where it was when there were so many times fewer steps. */
const AGO = 1.1;

/**
 * APTS on mini-batches (docs/algorithms.md §4, "On mini-batches"): an outer trust region over several inner steps.
 *
 * Inner steps walk from mini-batch to mini-batch, each the exact minimiser of m̂ᵀs + ½ Σ (√v̂ / Δ) s² in ‖s‖_∞ ≤ Δ. That model
 * is separable, so the subdomains' corrections sum up to it however many there are, and every rank computes all of them.
 * The average x̄ of the walk is what is accepted: tested, saved, handed back, and returned to where the walk has gone wrong.
 * Every M-th mini-batch three losses more tell how the model and the walk do, and set Δ (judgement.ts).
 */
export function stochastic(context: MethodContext, options: StochasticOptions): Method<StochasticState> {
  const decide = decideOnRankZero(context.comm);
  let g: Vector = new Float32Array(0); // room for the gradient, nothing that is known
  const spare = new SpareVectors();

  return {
    start: (theta) => ({
      theta,
      t: 0,
      m: new Float32Array(theta.length),
      v: new Float32Array(theta.length),
      average: theta,
      earlier: { t: 0, average: theta },
      radius: options.radius,
      judgements: begun,
    }),

    evaluationPoint: ({ average }) => average,

    async step(state, { objective, space }) {
      const { theta, m, v, average, earlier, radius, judgements } = state;
      if (g.length !== theta.length) g = new Float32Array(theta.length);

      // 1  f(θ), g = ∇f(θ) on this mini-batch
      const f = await objective.gradient(theta, g);
      const gradientNorm = await normInf(space, g);
      if (!Number.isFinite(f) || !Number.isFinite(gradientNorm))
        return returned(state, { objective, space }, gradientNorm);

      // 3, 4  s = Σ R_iᵀ s_i
      const t = state.t + 1;
      const room = spare.beside([theta, average, earlier.average], theta.length);
      const [to, mean] = [room(), room()];
      walkStep(t, { radius, against: 0 }, { x: theta, g, m, v }, to, { from: average, to: mean });
      const report = { loss: f, accepted: true, gradientNorm, radius };
      const walked = { ...state, theta: to, t, average: mean };
      if (t - judgements.last < Math.min(options.judgeEvery, t / EARLY)) return { state: walked, report };

      // 6, 7  is the model right, and is the walk?
      const predicted = await sum(space, decrease(g, theta, to));
      const [trial, accepted] = [await objective.value(to), await objective.value(average)];
      const { average: before } = earlier;
      const atBefore = before === average ? accepted : await objective.value(before);
      const seen: Judgement = { t, f, trial, predicted, accepted, earlier: atBefore };
      const verdict = await decide(() => judged(judgements, seen, radius, options.rule));
      const isOld = t >= AGO * earlier.t;
      const next = {
        radius: verdict.radius,
        judgements: verdict.judgements,
        earlier: isOld ? { t, average: mean } : earlier,
      };
      if (!verdict.undo) return { state: { ...walked, ...next }, report: { ...report, radius: next.radius } };
      return {
        state: { ...walked, ...next, theta: average, average, earlier: { t, average } },
        report: { loss: accepted, accepted: false, gradientNorm, radius: next.radius },
      };
    },
  };

  /** Back at x̄, from a point without a loss or gradient; with half the radius, but where no step had led there from x̄. */
  async function returned(
    state: StochasticState,
    { objective, space }: Pick<Problem, "objective" | "space">,
    gradientNorm: number,
  ) {
    const { theta, average } = state;
    const loss = await objective.value(average);
    const walked = !(await same(space, theta, average));
    const radius = walked ? Math.max(options.rule.min, state.radius / 2) : state.radius;
    const report = { loss, accepted: false, gradientNorm, radius };
    return { state: { ...state, theta: average, radius }, report };
  }
}
