import { choice, flag, integer, number, type Option } from "../config/option.js";
import { UsageError } from "../errors.js";
import { newAdamDirection } from "../trust-region/adam-direction.js";
import { firstOrder } from "../trust-region/first-order.js";
import { defaultMemory, LSR1Memory } from "../trust-region/l-sr1.js";
import type { Model } from "../trust-region/model.js";
import { globalRule, initialRadius } from "../trust-region/radius.js";
import { secondOrder } from "../trust-region/second-order.js";
import { apts } from "./apts.js";
import { baselines } from "./baselines.js";
import { describe, type MethodDescription } from "./description.js";
import { tr } from "./tr.js";

const DIRECTIONS = ["gradient", "adam", "l-sr1"] as const;
type Direction = (typeof DIRECTIONS)[number];

interface TrustRegionDefaults {
  /** ν */
  readonly localSteps: number;
  readonly direction: Direction;
  readonly tryLonger: boolean;
  /** Δ⁰ */
  readonly radius: number;
  /** β */
  readonly grow: number;
}

/** TCKK23 §3.1 */
const published: TrustRegionDefaults = {
  localSteps: 5,
  direction: "gradient",
  tryLonger: false,
  radius: initialRadius,
  grow: globalRule.grow,
};

/** Chosen on MNIST, against a variant that overfits CIFAR-10; the digits had no part in it (docs/methods.md). */
const recommended: TrustRegionDefaults = {
  localSteps: 1,
  direction: "adam",
  tryLonger: true,
  radius: 5e-3,
  grow: 1.5,
};

function trustRegionOptions({ direction, tryLonger, radius, grow }: TrustRegionDefaults) {
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

interface Radii {
  /** Δ⁰ */
  readonly radius: number;
  /** Δ_min */
  readonly minRadius: number;
  /** Δ_max */
  readonly maxRadius: number;
}

/** Δ_min ≤ Δ⁰ ≤ Δ_max (docs/algorithms.md §1.6) */
function checkRadii({ radius, minRadius, maxRadius }: Radii): void {
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

function aptsOptions(defaults: TrustRegionDefaults, fdl: boolean, window: number) {
  return {
    fdl: flag({ fallback: fdl, help: "repair a gathered step that raised the loss with the gradient" }),
    localSteps: integer({
      min: 1,
      max: 1000,
      fallback: defaults.localSteps,
      help: "trust-region steps on a subdomain",
    }),
    window: integer({
      min: 1,
      max: 1000,
      fallback: window,
      help: "accepted losses that acceptance looks back on",
    }),
    ...trustRegionOptions(defaults),
  };
}

/** What the options of a trust-region method mean for its parts. */
function partsOf(
  options: { direction: Direction; pairs: number; grow: number; minRadius: number; maxRadius: number },
  dimension: number,
) {
  const { grow, minRadius, maxRadius } = options;
  return {
    rule: { ...globalRule, grow, min: minRadius, max: maxRadius },
    model: modelOf(options, dimension),
  };
}

function modelOf({ direction, pairs }: { direction: Direction; pairs: number }, dimension: number): Model {
  switch (direction) {
    case "gradient":
      return firstOrder;
    case "adam":
      return newAdamDirection(dimension);
    case "l-sr1":
      return secondOrder(new LSR1Memory(dimension, pairs));
    default:
      return direction satisfies never;
  }
}

/** The methods of the papers this project is about. */
const trustRegionMethods = [
  describe({
    name: "apts",
    summary: "additively preconditioned trust region on the full batch",
    source: "TCKK23, Algorithm 1",
    batches: 1,
    decomposes: true,
    options: aptsOptions(recommended, true, 1),
    check: checkRadii,
    create: (context, options, theta0) =>
      apts(context, { ...options, ...partsOf(options, theta0.length) }, theta0),
  }),
  describe({
    name: "sapts",
    summary: "APTS on mini-batches",
    source: "TCKK23, Algorithm 1 and §3.3",
    batches: 20,
    decomposes: true,
    options: aptsOptions(published, false, 1),
    check: checkRadii,
    create: (context, options, theta0) =>
      apts(context, { ...options, ...partsOf(options, theta0.length) }, theta0),
  }),
  describe({
    name: "napts",
    summary: "APTS with non-monotone acceptance",
    source: "ACLTK26",
    batches: 1,
    decomposes: true,
    options: aptsOptions(recommended, true, 5),
    check: checkRadii,
    create: (context, options, theta0) =>
      apts(context, { ...options, ...partsOf(options, theta0.length) }, theta0),
  }),
  describe({
    name: "tr",
    summary: "trust region, no subdomains",
    source: "TCKK23 §2.1, CGT00 ch. 6",
    batches: 1,
    options: trustRegionOptions(published),
    check: checkRadii,
    create: (context, options, theta0) =>
      tr(context, { ...options, ...partsOf(options, theta0.length) }, theta0),
  }),
] as const;

const described = [...trustRegionMethods, ...baselines] as const;

export const methods: readonly MethodDescription[] = described;

export type MethodName = (typeof described)[number]["name"];
export const METHOD_NAMES: readonly MethodName[] = described.map(({ name }) => name);

type AnyTable = (typeof described)[number]["options"];
type NameIn<Table> = Table extends unknown ? keyof Table : never;
type ValueIn<Table, Name extends PropertyKey> =
  Table extends Readonly<Record<Name, Option<infer Value>>> ? Value : never;
/** What the options of all methods may be, for whoever writes a program. */
export type MethodOptions = { readonly [Name in NameIn<AnyTable>]?: ValueIn<AnyTable, Name> | undefined };

/** The method of that name; names come from `methods`. */
export function methodNamed(name: string): MethodDescription {
  return methods.find((method) => method.name === name)!;
}
