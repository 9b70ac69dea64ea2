import { integer, number } from "../config/option.js";
import { UsageError } from "../errors.js";
import { recommended } from "./trust-region-options.js";

/** An option that says how a method walks through mini-batches; 0: not at all, but by what its other options are of. */
export interface WalkOption<Name extends string = string> {
  /** As written, and its value where nothing is said. */
  readonly flag: string;
  readonly usual: number;
  /** The options that walks have no use for, as written, and what they are of. */
  readonly others: Readonly<Record<Name, string>>;
  readonly of: string;
}

type Values<Name extends string> = Readonly<Record<Name, unknown>>;
type Fallbacks<Name extends string> = Readonly<Record<Name, { readonly fallback: unknown }>>;

/** What the option is, 0 where a walk is not to be: said, or meant by one of the others. */
export function walkOf<Name extends string>(
  option: WalkOption<Name>,
  said: number | undefined,
  values: Values<NoInfer<Name>>,
  table: Fallbacks<NoInfer<Name>>,
): number {
  return said ?? (changed(option, values, table) === undefined ? option.usual : 0);
}

/** @throws UsageError where a walk is asked for, and one of the others */
export function checkWalk<Name extends string>(
  option: WalkOption<Name>,
  said: number | undefined,
  values: Values<NoInfer<Name>>,
  table: Fallbacks<NoInfer<Name>>,
): void {
  const name = changed(option, values, table);
  if (name === undefined || !said) return;
  const { flag, others, of } = option;
  throw new UsageError(
    `Expected ${flag} 0 beside ${others[name]}, which is an option of ${of}, got ${said}.`,
  );
}

function changed<Name extends string>(
  { others }: WalkOption<Name>,
  values: Values<NoInfer<Name>>,
  table: Fallbacks<NoInfer<Name>>,
): Name | undefined {
  const names = Object.keys(others) as Name[];
  return names.find((name) => values[name] !== table[name].fallback);
}

/** The options of trust-region steps, which no walk makes. */
export const OF_STEPS = {
  direction: "--direction",
  pairs: "--pairs",
  maxTrials: "--max-trials",
  tryLonger: "--try-longer",
} as const;

/** Δ⁰ of a walk: while averages of squares are young, longer steps do harm to transformers that lasts. */
export const WALK_RADIUS = 2e-3;

/** The option Δ⁰ of methods that walk. */
export const walkRadius = number({
  min: 1e-12,
  fallback: undefined,
  help: `first global radius, infinity norm (default: ${recommended.radius}, of a walk ${WALK_RADIUS})`,
});

interface Radii {
  readonly radius?: number | undefined;
  readonly minRadius: number;
  readonly maxRadius: number;
}

/** The values, with a first radius within its bounds where none is given. */
export function withRadius<V extends Radii>(values: V, usual: number): V & { readonly radius: number } {
  const { radius = Math.min(values.maxRadius, Math.max(values.minRadius, usual)) } = values;
  return { ...values, radius };
}

/** M of a walk that is judged now and then (stochastic.ts), in the place of what `others` are options of. */
export function judgedWalk<const Others extends Readonly<Record<string, string>>>(
  of: string,
  others: Others,
) {
  return { flag: "--judge-every", usual: 10, others: { ...OF_STEPS, ...others }, of } as const;
}

/** The option M. @param instead what M = 0 asks for */
export function judgeEvery({ usual }: WalkOption, instead: string, those: string) {
  return integer({
    min: 0,
    max: 1_000_000,
    fallback: undefined,
    help: `mini-batches from one judgement of the walk to the next; 0: ${instead} on each (default: ${usual}, and 0 with an option of ${those})`,
  });
}
