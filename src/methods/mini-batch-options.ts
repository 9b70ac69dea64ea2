import { integer } from "../config/option.js";
import { UsageError } from "../errors.js";

/** M where nothing of Algorithm 1 is asked for. */
const USUAL = 10;

/** The options of Algorithm 1 that walks of mini-batches (stochastic.ts) have no use for. */
const OF_ALGORITHM_1 = {
  direction: "--direction",
  pairs: "--pairs",
  maxTrials: "--max-trials",
  tryLonger: "--try-longer",
  fdl: "--fdl",
  localSteps: "--local-steps",
  window: "--window",
} as const;

type Values = Readonly<Record<keyof typeof OF_ALGORITHM_1, unknown>> & {
  readonly judgeEvery: number | undefined;
};
type Fallbacks = Readonly<Record<keyof typeof OF_ALGORITHM_1, { readonly fallback: unknown }>>;

export const judgeEvery = integer({
  min: 0,
  max: 1_000_000,
  fallback: undefined,
  help: `mini-batches from one judgement of the walk to the next; 0: Algorithm 1 on each (default: ${USUAL}, and 0 with an option of Algorithm 1)`,
});

/** M, 0 where every mini-batch is to have Algorithm 1: said, or meant by an option of it. */
export function judgeEveryOf(values: Values, table: Fallbacks): number {
  return values.judgeEvery ?? (changed(values, table) === undefined ? USUAL : 0);
}

/** @throws UsageError where a walk is asked for, and an option of Algorithm 1 */
export function checkJudgeEvery(values: Values, table: Fallbacks): void {
  const name = changed(values, table);
  if (name === undefined || !values.judgeEvery) return;
  throw new UsageError(
    `Expected --judge-every 0 beside ${OF_ALGORITHM_1[name]}, which is an option of Algorithm 1, got ${values.judgeEvery}.`,
  );
}

function changed(values: Values, table: Fallbacks): keyof typeof OF_ALGORITHM_1 | undefined {
  const names = Object.keys(OF_ALGORITHM_1) as (keyof typeof OF_ALGORITHM_1)[];
  return names.find((name) => values[name] !== table[name].fallback);
}
