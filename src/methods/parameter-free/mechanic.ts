import { number, type ValuesOf } from "../../config/option.js";
import type { Vector } from "../../linalg/vector.js";
import { defineMethod } from "../description.js";
import { biasCorrection } from "../first-order/adam.js";
import { MINI_BATCHES } from "../first-order/options.js";
import { scheduleOptions } from "../first-order/schedule.js";
import type { State } from "../method.js";
import { beta1, beta2, epsilon, factorsOf, firstStep } from "./options.js";
import { gradientSteps, type Rule } from "../gradient-steps.js";

const options = {
  firstStep: firstStep(1e-8, "smallest learning rate considered"), // s_init
  sDecay: number({ min: 0, fallback: 0.01, help: "weight decay that the learning rate alone feels" }), // λ
  ...scheduleOptions,
  beta1,
  beta2,
  epsilon,
};

/** β, the memories of the tuners: 0.9, 0.99, …, 0.999999. */
const MEMORIES = [1, 2, 3, 4, 5, 6].map((digits) => 1 - 10 ** -digits);
/** Keeps denominators of the tuners from zero. */
const TINY = 1e-8;

/** One of the tuners, whose scales are summed: it bets on h. */
interface Tuner {
  /** s */
  readonly scale: number;
  /** m, the largest |h|, forgotten by β. */
  readonly largest: number;
  /** v, Σ h² */
  readonly squares: number;
  /** r, what its bets have won. */
  readonly reward: number;
}

interface MechanicState extends State {
  /** Steps taken. */
  readonly t: number;
  readonly origin: Vector;
  /** Δ, the sum of Adam's steps at learning rate 1: θ = θ₀ + Σs Δ. */
  readonly sum: Vector;
  /** Adam's averages of g and g². */
  readonly m: Vector;
  readonly v: Vector;
  readonly tuners: readonly Tuner[];
}

/** s = (s_init m / 6 + r) / √v from what is known with the next h; bets never lose more than they have won. */
function bet({ scale, largest, squares, reward }: Tuner, h: number, beta: number, sInit: number): Tuner {
  const next = {
    largest: Math.max(beta * largest, Math.abs(h)),
    squares: beta * beta * squares + h * h,
    reward: Math.max(0, beta * reward - scale * h),
  };
  const wealth = (sInit * next.largest) / MEMORIES.length + next.reward;
  return { ...next, scale: wealth / (Math.sqrt(next.squares) + TINY) };
}

/**
 * Mechanic: Cutkosky, Defazio, Mehta, "Mechanic: A Learning Rate Tuner" (NeurIPS 2023), Algorithm 1, over Adam at learning
 * rate 1, or that of a schedule, whose steps u it scales; constants of optimizedlearning/mechanic.
 *
 *   h = Δᵀ(g + λ S ‖g‖ θ/‖θ‖),   Δ ← Δ + u,   S = Σs after each tuner's bet on h,   θ ← θ₀ + S Δ
 *
 * Its PyTorch code takes θ + u for the θ of h; paper and JAX code, on which the paper's numbers are from, do not.
 */
function mechanicRule(
  factorOf: (t: number) => number,
  { firstStep: sInit, sDecay, beta1, beta2, epsilon }: ValuesOf<typeof options>,
): Rule<MechanicState> {
  return {
    start: (theta) => ({
      theta,
      t: 0,
      origin: theta,
      sum: new Float32Array(theta.length),
      m: new Float32Array(theta.length),
      v: new Float32Array(theta.length),
      tuners: MEMORIES.map(() => ({ scale: 0, largest: 1e-6, squares: 0, reward: 0 })),
    }),
    async advance({ theta, t: before, origin, sum, m, v, tuners: old }, g, { space, room }) {
      const t = before + 1;
      const { m: mScale, v: vScale } = biasCorrection(beta1, beta2, t);
      const rate = mScale * factorOf(t);
      const products = new Float64Array(4); // Δᵀg, Δᵀθ, ‖g‖², ‖θ‖²
      for (let i = 0; i < g.length; i++) {
        const gradient = g[i]!;
        const moved = sum[i]!;
        products[0]! += moved * gradient;
        products[1]! += moved * theta[i]!;
        products[2]! += gradient * gradient;
        products[3]! += theta[i]! * theta[i]!;
        const mean = beta1 * m[i]! + (1 - beta1) * gradient;
        const square = beta2 * v[i]! + (1 - beta2) * gradient * gradient;
        m[i] = mean;
        v[i] = square;
        sum[i] = moved - (rate * mean) / (Math.sqrt(vScale * square) + epsilon);
      }
      const [along, back, square, length] = await space.sum(products);
      const decay = (sDecay * scaleOf(old) * Math.sqrt(square!)) / (Math.sqrt(length!) + TINY);
      const h = along! + decay * back!;
      const tuners = old.map((tuner, b) => bet(tuner, h, MEMORIES[b]!, sInit));
      const scale = scaleOf(tuners);
      const next = room();
      for (let i = 0; i < next.length; i++) next[i] = origin[i]! + scale * sum[i]!;
      return { theta: next, t, origin, sum, m, v, tuners };
    },
  };
}

function scaleOf(tuners: readonly Tuner[]): number {
  return tuners.reduce((sum, { scale }) => sum + scale, 0);
}

export const mechanic = defineMethod({
  name: "mechanic",
  summary: "Adam whose learning rate is found by betting",
  source: "Cutkosky, Defazio, Mehta, NeurIPS 2023",
  batches: MINI_BATCHES,
  remembers: () => 4,
  options,
  create: (context, values) => gradientSteps(context, mechanicRule(factorsOf(values, context), values)),
});
