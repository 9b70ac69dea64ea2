import type { ValuesOf } from "../../config/option.js";
import { defineMethod } from "../description.js";
import { MINI_BATCHES } from "../first-order/options.js";
import { firstStep } from "./options.js";
import { gradientSteps, type Rule } from "../gradient-steps.js";
import { arrived, setOut, type Travelled } from "./travelled.js";

const options = {
  firstStep: firstStep(0.01, "length of the first step"), // r_ε
};

interface DowgState extends Travelled {
  /** r̄², of the farthest from θ₀ so far. */
  readonly farthest: number;
  /** Σ r̄²‖g‖² */
  readonly squares: number;
}

/**
 * DoWG, distance over weighted gradients: Khaled, Mishchenko, Jin, "DoWG Unleashed: An Efficient Universal Parameter-Free
 * Gradient Descent Method" (NeurIPS 2023), Algorithm 1, as in rka97/dowg, which has r_ε² in the denominator as well:
 *
 *   r̄² ← max(r̄², ‖θ − θ₀‖₂²),   v ← v + r̄²‖g‖₂²,   θ ← θ − r̄² g / (√v + r_ε²),   r̄ = r_ε at first
 */
function dowgRule({ firstStep }: ValuesOf<typeof options>): Rule<DowgState> {
  const epsilon = firstStep * firstStep;
  return {
    start: (theta) => ({ ...setOut(theta), farthest: epsilon, squares: 0 }),
    async advance(state, g, { space, room }) {
      const { offset } = state;
      let distance = 0; // ‖θ − θ₀‖²
      let square = 0; // ‖g‖²
      for (let i = 0; i < g.length; i++) {
        distance += offset[i]! * offset[i]!;
        square += g[i]! * g[i]!;
      }
      const sums = await space.sum(Float64Array.of(distance, square));
      const farthest = Math.max(state.farthest, sums[0]!);
      const squares = state.squares + farthest * sums[1]!;
      const rate = farthest / (Math.sqrt(squares) + epsilon);
      for (let i = 0; i < g.length; i++) offset[i]! -= rate * g[i]!;
      return { ...arrived(state, room()), farthest, squares };
    },
  };
}

export const dowg = defineMethod({
  name: "dowg",
  summary: "gradient descent by distance over weighted gradients",
  source: "Khaled et al., NeurIPS 2023",
  batches: MINI_BATCHES,
  remembers: () => 2,
  options,
  create: (context, values) => gradientSteps(context, dowgRule(values)),
});
