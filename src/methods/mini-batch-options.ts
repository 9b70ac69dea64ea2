import { integer } from "../config/option.js";
import { UsageError } from "../errors.js";

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

/** M of APTS on mini-batches (stochastic.ts). */
export const judgements = {
  flag: "--judge-every",
  usual: 10,
  others: {
    direction: "--direction",
    pairs: "--pairs",
    maxTrials: "--max-trials",
    tryLonger: "--try-longer",
    fdl: "--fdl",
    localSteps: "--local-steps",
    window: "--window",
  },
  of: "Algorithm 1",
} as const satisfies WalkOption;

export const judgeEvery = integer({
  min: 0,
  max: 1_000_000,
  fallback: undefined,
  help: `mini-batches from one judgement of the walk to the next; 0: Algorithm 1 on each (default: ${judgements.usual}, and 0 with an option of Algorithm 1)`,
});
