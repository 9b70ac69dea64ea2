import { number } from "../../config/option.js";
import type { Vector } from "../../linalg/vector.js";
import { defineMethod } from "../description.js";
import { MINI_BATCHES } from "../first-order/options.js";
import { gradientSteps, type Rule } from "../gradient-steps.js";
import { arrived, setOut, type Travelled } from "./travelled.js";

/** L before the first gradient, as in bremen79/parameterfree: an entry whose gradient was always 0 divides by it. */
const LEAST = 1e-8;

interface CocobState extends Travelled {
  /** L, the largest |g|. */
  readonly largest: Vector;
  /** G = Σ|g| */
  readonly absolute: Vector;
  /** What betting has won so far, at least 0. */
  readonly reward: Vector;
  /** −Σg */
  readonly descent: Vector;
}

/**
 * COCOB-Backprop: Orabona, Tommasi, "Training Deep Networks without Learning Rates Through Coin Betting" (NeurIPS 2017),
 * Algorithm 2, of every entry on its own:
 *
 *   L ← max(L, |g|),   G ← G + |g|,   r ← max(r − g(θ − θ₀), 0),   c ← c − g
 *   θ ← θ₀ + c (L + r) / (L max(G + L, αL))
 */
function cocobRule(alpha: number): Rule<CocobState> {
  return {
    start: (theta) => ({
      ...setOut(theta),
      largest: new Float32Array(theta.length).fill(LEAST),
      absolute: new Float32Array(theta.length),
      reward: new Float32Array(theta.length),
      descent: new Float32Array(theta.length),
    }),
    advance(state, g, { room }) {
      const { offset, largest, absolute, reward, descent } = state;
      for (let i = 0; i < g.length; i++) {
        const gradient = g[i]!;
        const size = Math.abs(gradient);
        const L = Math.max(largest[i]!, size);
        const G = absolute[i]! + size;
        const r = Math.max(reward[i]! - gradient * offset[i]!, 0);
        const c = descent[i]! - gradient;
        largest[i] = L;
        absolute[i] = G;
        reward[i] = r;
        descent[i] = c;
        offset[i] = ((c / L) * (L + r)) / Math.max(G + L, alpha * L);
      }
      return { ...state, ...arrived(state, room()) };
    },
  };
}

export const cocob = defineMethod({
  name: "cocob",
  summary: "bets on every parameter's gradient",
  source: "Orabona, Tommasi, NeurIPS 2017",
  batches: MINI_BATCHES,
  remembers: () => 6,
  options: {
    alpha: number({ min: 1e-3, fallback: 100, help: "steps that the largest gradient holds bets back" }),
  },
  create: (context, { alpha }) => gradientSteps(context, cocobRule(alpha)),
});
