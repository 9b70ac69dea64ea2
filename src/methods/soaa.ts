import { normInf, type Vector } from "../linalg/vector.js";
import { biasCorrection } from "./first-order/adam.js";
import { decideOnRankZero, leadsNowhere, type MethodContext, type Optimizer } from "./problem.js";

export interface SoaaOptions {
  /** η */
  readonly learningRate: number;
  readonly beta1: number;
  readonly beta2: number;
  readonly epsilon: number;
  /** λ */
  readonly weightDecay: number;
  /** γ: how far d may leave 1 in the end. */
  readonly gamma: number;
}

/**
 * SOAA, VV24 (docs/algorithms.md §10): Adam's moments, a diagonal Fisher matrix made of them, and a trust-region factor d that
 * follows how well the last step's predicted decrease came true. One gradient a step, every step taken.
 */
export function soaa(context: MethodContext, options: SoaaOptions, theta0: Vector): Optimizer {
  const { comm, plannedSteps } = context;
  const { learningRate, beta1, beta2, epsilon, weightDecay, gamma } = options;
  const decide = decideOnRankZero(comm);
  let theta = theta0;
  let t = 0;
  let d = 1;
  let last: { readonly f: number; readonly predicted: number } | null = null;
  const g = new Float32Array(theta0.length);
  const m = new Float32Array(theta0.length);
  const v = new Float32Array(theta0.length);

  /** d · (f_{t−1} − f_t) / predicted_{t−1}, within bounds that narrow from [1, 2] to [1 − γ, 1 + γ]. */
  function factor(f: number): number {
    if (last === null) return d;
    const progress = (t - 1) / plannedSteps;
    const wanted = (d * (last.f - f)) / Math.max(last.predicted, epsilon);
    const low = (1 - gamma) ** progress;
    return wanted > low ? Math.min(wanted, 1 + gamma ** progress) : low; // low for NaN as well
  }

  /** θ and what the model m(s) = f + m̂ᵀs + ½ sᵀFs says its step gains. */
  function update(): { next: Vector; predicted: number } {
    const { m: mScale, v: vScale } = biasCorrection(beta1, beta2, t);
    let meanSquares = 0; // Σ m̂²
    let squares = 0; // Σ (v̂ + ε)
    for (let i = 0; i < g.length; i++) {
      const mean = (m[i] = beta1 * m[i]! + (1 - beta1) * g[i]!);
      const square = (v[i] = beta2 * v[i]! + (1 - beta2) * g[i]! * g[i]!);
      meanSquares += (mScale * mean) ** 2;
      squares += vScale * square + epsilon;
    }
    const fisherScale = 1 + meanSquares / squares;
    const keep = 1 - learningRate * weightDecay;
    const next = new Float32Array(g.length);
    let predicted = 0;
    for (let i = 0; i < g.length; i++) {
      const mean = mScale * m[i]!;
      const square = vScale * v[i]!;
      const fisher = fisherScale * square; // F_ii
      const r = Math.max(d * fisher, Math.sqrt(square));
      const s = (-learningRate * d * mean) / (r + epsilon);
      next[i] = keep * theta[i]! + s;
      predicted -= s * (mean + 0.5 * fisher * s);
    }
    return { next, predicted };
  }

  return {
    get theta() {
      return theta;
    },
    async step({ objective }) {
      const f = await objective.gradient(theta, g);
      const gradientNorm = normInf(g);
      if (leadsNowhere(context, gradientNorm)) return { loss: f, accepted: false, gradientNorm, radius: d };
      t += 1;
      d = await decide(() => factor(f));
      const { next, predicted } = update();
      theta = next;
      last = { f, predicted };
      return { loss: f, accepted: true, gradientNorm, radius: d };
    },
    save: () => ({ t, d, last, m: m.slice(), v: v.slice() }),
    restore(restored, state) {
      theta = restored;
      t = state["t"] as number;
      d = state["d"] as number;
      last = state["last"] as typeof last;
      m.set(state["m"] as Vector);
      v.set(state["v"] as Vector);
    },
  };
}
