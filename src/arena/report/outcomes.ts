import { meanOf, medianOf } from "../../averages.js";
import type { Measurement, Target, Trial } from "../trial.js";
import { UNITS, type Budget, type Compared, type ComparedWorkload, type Unit } from "./compared.js";

/** Over the seeds: one that has not reached the target counts as infinitely long in the median, and not in the range. */
export interface Spread {
  readonly median: number;
  readonly least: number;
  readonly most: number;
}

/** The way to a target. */
export interface TimeToTarget extends Readonly<Record<Unit, Spread>> {
  readonly target: Target;
  /** Seeds that reached it. */
  readonly reached: number;
}

/** What a method came to on a workload, with the candidate that its search has chosen. */
export interface Outcome {
  readonly workload: ComparedWorkload;
  readonly method: string;
  /** Of the chosen candidate, one a seed. */
  readonly trials: readonly Trial[];
  /** One a target. */
  readonly times: readonly TimeToTarget[];
  /** Of the last target's metric, where the budget ended. */
  readonly final: Spread;
  /** What trying every candidate once takes, the chosen one included; of a method that searches. */
  readonly search?: { readonly candidates: number; readonly seconds: number };
}

/** Those measurements that the budget allows. */
export function within(budget: Budget, { measurements }: Trial): readonly Measurement[] {
  return measurements.filter((measurement) =>
    UNITS.every((unit) => measurement[unit] <= (budget[unit] ?? Infinity)),
  );
}

/**
 * The first measurement that reaches the target, as AlgoPerf has it: nothing is interpolated, for a run knows of a
 * target only where it was measured. Undefined where none does within the budget.
 */
export function firstReaching(
  { metric, value, direction }: Target,
  measured: readonly Measurement[],
): Measurement | undefined {
  return measured.find(({ values }) => {
    const found = values[metric] ?? NaN;
    return direction === "max" ? found >= value : found <= value;
  });
}

/** One for each method on each workload it has trials of, in the order of both. */
export function outcomesOf({ workloads, methods, trials }: Compared): Outcome[] {
  return workloads.flatMap((workload) =>
    methods.flatMap(({ name }) => {
      const own = trials.filter((trial) => trial.workload === workload.name && trial.method === name);
      return own.length === 0 ? [] : [chosen(workload, byCandidate(own))];
    }),
  );
}

function byCandidate(trials: readonly Trial[]): Trial[][] {
  const groups = new Map<string, Trial[]>();
  for (const trial of trials) {
    const key = candidateKey(trial);
    groups.set(key, [...(groups.get(key) ?? []), trial]);
  }
  return [...groups.values()];
}

/** The same for the same options, in whatever order they are given. */
export function candidateKey({ candidate }: Trial): string {
  return JSON.stringify(Object.entries(candidate).sort(([a], [b]) => (a < b ? -1 : 1)));
}

/**
 * Of the candidates that were run from most seeds (a comparison under way, or a search by fewer seeds, has others) the
 * one whose median reaches the last target in the fewest seconds, else the one before, …, else ends best.
 */
function chosen(workload: ComparedWorkload, candidates: readonly (readonly Trial[])[]): Outcome {
  const seeds = Math.max(...candidates.map(({ length }) => length));
  const outcomes = candidates
    .filter(({ length }) => length === seeds)
    .map((trials) => outcomeOf(workload, trials));
  const towards = workload.targets.at(-1)!.direction === "max" ? -1 : 1;
  const best = outcomes.reduce((a, b) => (isBetter(b, a, towards) ? b : a));
  if (candidates.length === 1) return best;
  const seconds = candidates.map((trials) => meanOf(trials.map(secondsOf))).reduce((a, b) => a + b);
  return { ...best, search: { candidates: candidates.length, seconds } };
}

function isBetter(a: Outcome, b: Outcome, towards: 1 | -1): boolean {
  for (let target = a.times.length - 1; target >= 0; target--) {
    const [mine, other] = [a.times[target]!.seconds.median, b.times[target]!.seconds.median];
    if (mine !== other) return mine < other;
  }
  return towards * a.final.median < towards * b.final.median;
}

function outcomeOf(workload: ComparedWorkload, trials: readonly Trial[]): Outcome {
  const measured = trials.map((trial) => within(workload.budget, trial));
  const times = workload.targets.map((target) => {
    const at = measured.map((measurements) => firstReaching(target, measurements));
    const spreadBy = (unit: Unit): Spread => spread(at.map((first) => first?.[unit] ?? Infinity));
    return {
      target,
      reached: at.filter((first) => first !== undefined).length,
      seconds: spreadBy("seconds"),
      gradients: spreadBy("gradients"),
      epochs: spreadBy("epochs"),
    };
  });
  const { metric, direction } = workload.targets.at(-1)!;
  const worst = direction === "max" ? -Infinity : Infinity;
  const ends = measured.map((measurements, index) =>
    trials[index]!.failure === undefined ? numberOr(worst, measurements.at(-1)?.values[metric]) : worst,
  );
  return { workload, method: trials[0]!.method, trials, times, final: spread(ends) };
}

/** Of all values the median, of those that are finite the range. */
function spread(values: readonly number[]): Spread {
  const finite = values.filter(Number.isFinite);
  return { median: medianOf(values), least: Math.min(...finite), most: Math.max(...finite) };
}

function numberOr(otherwise: number, value: number | undefined): number {
  return value === undefined || Number.isNaN(value) ? otherwise : value;
}

/** Of training, to its end or its failure, whatever of it counts. */
function secondsOf({ measurements }: Trial): number {
  return measurements.at(-1)?.seconds ?? 0;
}
