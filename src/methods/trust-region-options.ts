import { choice, flag, integer, number, type ValuesOf } from "../config/option.js";
import { UsageError } from "../errors.js";
import { defaultMemory } from "../trust-region/l-sr1/pairs.js";
import { adam } from "../trust-region/models/adam.js";
import type { CurvatureModel } from "../trust-region/models/curvature-model.js";
import { gradient } from "../trust-region/models/gradient.js";
import { lSr1 } from "../trust-region/models/l-sr1.js";
import { globalRule, initialRadius, type RadiusRule } from "../trust-region/radius.js";

const DIRECTIONS = ["gradient", "adam", "l-sr1"] as const;
type Direction = (typeof DIRECTIONS)[number];

export interface TrustRegionDefaults {
  readonly direction: Direction;
  readonly tryLonger: boolean;
  /** Δ⁰ */
  readonly radius: number;
  /** β */
  readonly grow: number;
}

/** TCKK23 §3.1 */
export const published = {
  direction: "gradient",
  tryLonger: false,
  radius: initialRadius,
  grow: globalRule.grow,
  minRadius: globalRule.min,
  maxRadius: globalRule.max,
} satisfies TrustRegionDefaults & Partial<Values>;

/** Chosen on MNIST, against a variant that overfits CIFAR-10; the digits had no part in it (docs/methods.md). */
export const recommended = {
  direction: "adam",
  tryLonger: true,
  radius: 5e-3,
  grow: 1.5,
} satisfies TrustRegionDefaults;

/** The options that all trust-region methods have. */
export function trustRegionOptions({ direction, tryLonger, radius, grow }: TrustRegionDefaults) {
  return {
    direction: choice(DIRECTIONS, {
      fallback: direction,
      help: "model of the loss: first order, scaled by averaged squares, second order",
    }),
    pairs: integer({ min: 1, max: 1000, fallback: defaultMemory, help: "curvature pairs remembered" }),
    maxTrials: integer({
      min: 1,
      max: 100,
      fallback: 10,
      help: "trials with shrinking radius in one step",
    }),
    tryLonger: flag({ fallback: tryLonger, help: "after a good global step try one of twice the length" }),
    radius: number({ min: 1e-12, fallback: radius, help: "first global radius, infinity norm" }),
    grow: number({ min: 1, max: 100, fallback: grow, help: "factor of a growing radius" }),
    minRadius: number({ min: 0, fallback: globalRule.min, help: "smallest global radius" }),
    maxRadius: number({ min: 1e-12, fallback: globalRule.max, help: "largest global radius" }),
  };
}

type Values = ValuesOf<ReturnType<typeof trustRegionOptions>>;

/** What a trust-region method remembers (`MethodDescription.remembers`): gradients of where it is, and its model's vectors. */
export function vectorsOf({ direction, pairs }: Pick<Values, "direction" | "pairs">): number {
  return { gradient: 1, adam: 4, "l-sr1": 2 * pairs + 3 }[direction];
}

/** Δ_min ≤ Δ⁰ ≤ Δ_max (docs/algorithms.md §1.6) */
export function checkRadii({ radius, minRadius, maxRadius }: Values): void {
  const refuse = (expected: string, got: string): never => {
    throw new UsageError(`Expected ${expected}, got ${got}.`);
  };
  if (minRadius > maxRadius) {
    refuse(`--min-radius to be at most --max-radius (${maxRadius})`, String(minRadius));
  }
  if (radius < minRadius || radius > maxRadius) {
    refuse(
      `--radius to lie between --min-radius (${minRadius}) and --max-radius (${maxRadius})`,
      String(radius),
    );
  }
}

/** What a trust-region method is made of, by its options. */
export interface TrustRegionParts extends Pick<Values, "maxTrials" | "tryLonger"> {
  /** Where steps come from. */
  readonly model: CurvatureModel;
  readonly rule: RadiusRule;
  /** Δ⁰ */
  readonly radius: number;
}

export function partsOf({ direction, pairs, grow, minRadius, maxRadius }: Values) {
  const rule: RadiusRule = { ...globalRule, grow, min: minRadius, max: maxRadius };
  return { rule, model: modelOf(direction, pairs) };
}

function modelOf(direction: Direction, pairs: number): CurvatureModel {
  switch (direction) {
    case "gradient":
      return gradient;
    case "adam":
      return adam;
    case "l-sr1":
      return lSr1(pairs);
    default:
      return direction satisfies never;
  }
}
