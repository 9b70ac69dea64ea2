import type { ValuesOf } from "../../config/option.js";
import type { IndexRun } from "../../linalg/restriction.js";
import type { Vector } from "../../linalg/vector.js";
import { defineMethod } from "../description.js";
import { decay, MINI_BATCHES } from "../first-order/options.js";
import { firstStep } from "./options.js";
import { gradientSteps, type Rule } from "../gradient-steps.js";
import { arrived, setOut, type Travelled } from "./travelled.js";

const options = {
  firstStep: firstStep(1e-6, "length of the first step, over 1 + ‖θ‖ (batch normalisation: 1e-4)"), // r_ε
  weightDecay: decay(0), // added to the gradient as λθ
};

/** γ of the averaging. */
const GAMMA = 8;
/** Keeps the sum of squared gradients from zero. */
const EPSILON = 1e-8;

interface DogState extends Travelled {
  /** Steps taken. */
  readonly t: number;
  /** Of each block: r̄, the farthest from θ₀ so far, and the squared norms of all gradients. */
  readonly farthest: readonly number[];
  readonly squares: readonly number[];
  /** The average of the iterates, by polynomial decay. */
  readonly average: Vector;
}

/**
 * DoG, distance over gradients: Ivgi, Hinder, Carmon, "DoG is SGD's Best Friend: A Parameter-Free Dynamic Step Size
 * Schedule" (ICML 2023), as in formll/dog; L-DoG is the same with each tensor a block of its own.
 *
 *   r̄ ← max(r̄, ‖θ − θ₀‖₂),   G ← G + ‖g‖₂²,   θ ← θ − (r̄/√G) g,   r̄ = r_ε(1 + ‖θ₀‖₂) and G = ε at first
 *
 * Its steps do not decay, so what counts is the average of the iterates (Shamir, Zhang, ICML 2013), γ = 8:
 *
 *   θ̄ ← (1−w)θ̄ + wθ,   w = (γ+1)/(γ+t)
 */
function dogRule(
  blocksOf: (theta: Vector) => readonly IndexRun[],
  { firstStep, weightDecay }: ValuesOf<typeof options>,
): Rule<DogState> {
  return {
    start(theta) {
      const blocks = blocksOf(theta);
      const [farthest, squares] = [blocks.map(() => 0), blocks.map(() => EPSILON)];
      return { ...setOut(theta), t: 0, farthest, squares, average: theta.slice() };
    },
    async advance(state, g, { space, room }) {
      const { theta, offset, average } = state;
      const t = state.t + 1;
      const blocks = blocksOf(theta);
      const partials = new Float64Array(2 * blocks.length);
      blocks.forEach(({ start, end }, b) => {
        let distance = 0; // ‖θ − θ₀‖²; in the first step ‖θ₀‖²
        let square = 0; // ‖g‖²
        for (let i = start; i < end; i++) {
          const from = t === 1 ? theta[i]! : offset[i]!;
          const gradient = g[i]! + weightDecay * theta[i]!;
          distance += from * from;
          square += gradient * gradient;
          g[i] = gradient;
        }
        partials.set([distance, square], 2 * b);
      });
      const sums = await space.sum(partials);
      const farthest = state.farthest.map((farthest, b) => {
        const length = Math.sqrt(sums[2 * b]!);
        return t === 1 ? firstStep * (1 + length) : Math.max(farthest, length);
      });
      const squares = state.squares.map((squares, b) => squares + sums[2 * b + 1]!);
      blocks.forEach(({ start, end }, b) => {
        const rate = farthest[b]! / Math.sqrt(squares[b]!);
        for (let i = start; i < end; i++) offset[i]! -= rate * g[i]!;
      });
      const travelled = arrived(state, room());
      const weight = (GAMMA + 1) / (GAMMA + t);
      for (let i = 0; i < average.length; i++)
        average[i] = (1 - weight) * average[i]! + weight * travelled.theta[i]!;
      return { ...travelled, t, farthest, squares, average };
    },
    evaluationPoint: ({ average }) => average,
  };
}

export const dog = defineMethod({
  name: "dog",
  summary: "gradient descent by distance over gradients, averaged",
  source: "Ivgi, Hinder, Carmon, ICML 2023",
  batches: MINI_BATCHES,
  remembers: () => 3,
  options,
  create: (context, values) =>
    gradientSteps(
      context,
      dogRule(({ length }) => [{ start: 0, end: length }], values),
    ),
});

export const ldog = defineMethod({
  name: "l-dog",
  summary: "DoG, tensor by tensor",
  source: "Ivgi, Hinder, Carmon, ICML 2023",
  batches: MINI_BATCHES,
  remembers: () => 3,
  options,
  create(context, values) {
    const tensors = context.tensors.map(({ offset, size }) => ({ start: offset, end: offset + size }));
    return gradientSteps(
      context,
      dogRule(() => tensors, values),
    );
  },
});
