import { number, type ValuesOf } from "../config/option.js";
import { normInf, sum } from "../linalg/space.js";
import type { Vector } from "../linalg/vector.js";
import { defineMethod } from "./description.js";
import { biasCorrection } from "./first-order/adam.js";
import { adamOptions, MINI_BATCHES } from "./first-order/options.js";
import { ratesOf } from "./first-order/schedule.js";
import type { Method, State } from "./method.js";
import { decideOnRankZero, leadsNowhere, type MethodContext } from "./problem.js";

const options = {
  ...adamOptions({ epsilon: 1e-8, weightDecay: 0 }),
  gamma: number({ min: 0, max: 1, fallback: 0.25, help: "how far the factor may leave 1 in the end" }),
};

interface SoaaState extends State {
  /** Steps taken. */
  readonly t: number;
  /** The trust-region factor. */
  readonly d: number;
  /** f before the last step, and what that was to gain. */
  readonly last: { readonly f: number; readonly predicted: number } | null;
  /** Averages of g and g². */
  readonly m: Vector;
  readonly v: Vector;
}

/**
 * SOAA, VV24 (docs/algorithms.md §10): Adam's moments, a diagonal Fisher matrix made of them, and a trust-region factor
 * d that follows how well the last step's predicted decrease came true. One gradient a step, every step taken.
 */
function secondOrderAdam(context: MethodContext, values: ValuesOf<typeof options>): Method<SoaaState> {
  const { beta1, beta2, epsilon, weightDecay, gamma } = values;
  const rateOf = ratesOf(values, context);
  const decide = decideOnRankZero(context.comm);

  /** d · (f_{t−1} − f_t) / predicted_{t−1}, within bounds that narrow from [1, 2] to [1 − γ, 1 + γ]. */
  function factor(t: number, { d, last }: SoaaState, f: number): number {
    if (last === null) return d;
    const progress = (t - 1) / context.plannedSteps;
    const wanted = (d * (last.f - f)) / Math.max(last.predicted, epsilon);
    const low = (1 - gamma) ** progress;
    return wanted > low ? Math.min(wanted, 1 + gamma ** progress) : low; // low for NaN as well
  }

  return {
    start: (theta) => ({
      theta,
      t: 0,
      d: 1,
      last: null,
      m: new Float32Array(theta.length),
      v: new Float32Array(theta.length),
    }),
    async step(state, { objective, space }) {
      const { theta, m, v } = state;
      const g = new Float32Array(theta.length);
      const f = await objective.gradient(theta, g);
      const gradientNorm = await normInf(space, g);
      if (leadsNowhere(context, gradientNorm))
        return { state, report: { loss: f, accepted: false, gradientNorm, radius: state.d } };
      const t = state.t + 1;
      const d = await decide(() => factor(t, state, f));

      const { m: mScale, v: vScale } = biasCorrection(beta1, beta2, t);
      let m2 = 0; // Σ m̂²
      let v1 = 0; // Σ (v̂ + ε)
      for (let i = 0; i < g.length; i++) {
        const mean = (m[i] = beta1 * m[i]! + (1 - beta1) * g[i]!);
        const square = (v[i] = beta2 * v[i]! + (1 - beta2) * g[i]! * g[i]!);
        m2 += (mScale * mean) ** 2;
        v1 += vScale * square + epsilon;
      }
      const [meanSquares, squares] = await space.sum(Float64Array.of(m2, v1));
      const fisherScale = 1 + meanSquares! / squares!;
      const rate = rateOf(t);
      const keep = 1 - rate * weightDecay;
      const next = new Float32Array(g.length);
      let gain = 0; // of this process's entries, by the model m(s) = f + m̂ᵀs + ½ sᵀFs
      for (let i = 0; i < g.length; i++) {
        const mean = mScale * m[i]!;
        const square = vScale * v[i]!;
        const fisher = fisherScale * square; // F_ii
        const r = Math.max(d * fisher, Math.sqrt(square));
        const s = (-rate * d * mean) / (r + epsilon);
        next[i] = keep * theta[i]! + s;
        gain -= s * (mean + 0.5 * fisher * s);
      }
      const last = { f, predicted: await sum(space, gain) };
      return {
        state: { theta: next, t, d, last, m, v },
        report: { loss: f, accepted: true, gradientNorm, radius: d },
      };
    },
  };
}

export const soaa = defineMethod({
  name: "soaa",
  summary: "Adam with a diagonal Fisher matrix and a trust-region factor",
  source: "VV24",
  batches: MINI_BATCHES,
  remembers: () => 2,
  options,
  plans: () => true,
  create: secondOrderAdam,
});
