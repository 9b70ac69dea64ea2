import type { Workload } from "./file.js";
import { reachedAt } from "./target.js";
import type { Target, Trial } from "./trial.js";

/** What a search of one method on one workload has found. */
export interface SearchOutcome {
  readonly workload: string;
  readonly method: string;
  readonly candidate: Trial["candidate"];
  readonly candidates: number;
  /** Of training, of all candidates and seeds. */
  readonly seconds: number;
}

/** Trials as they are compared: of a search, those of the best candidate. */
export interface Comparison {
  readonly trials: readonly Trial[];
  readonly searches: readonly SearchOutcome[];
}

/**
 * Chooses on each workload, for each method that has several candidates, the one that reached the last target with most
 * seeds and, of those, in the fewest seconds in the mean; of several that never did, the one whose mean final value is best.
 * Without targets the final test loss counts, or the training loss.
 */
export function chooseBest(trials: readonly Trial[], workloads: readonly Workload[]): Comparison {
  const searches: SearchOutcome[] = [];
  const chosen = workloads.flatMap(({ name, targets }) => {
    const own = trials.filter(({ workload }) => workload === name);
    return groups(own, ({ method }) => method).flatMap((ofMethod) => {
      const candidates = groups(ofMethod, ({ candidate }) => JSON.stringify(candidate));
      if (candidates.length === 1) return ofMethod;
      const scored = candidates.map((of) => ({ of, score: scoreOf(of, targets) }));
      const best = scored.reduce((a, b) => (isLess(b.score, a.score) ? b : a)).of;
      const { method, candidate } = best[0]!;
      const seconds = ofMethod.reduce((sum, trial) => sum + (trial.measurements.at(-1)?.seconds ?? 0), 0);
      searches.push({ workload: name, method, candidate, candidates: candidates.length, seconds });
      return best;
    });
  });
  return { trials: chosen, searches };
}

/** Less is better, the first that differs decides: seeds that missed, mean seconds to the target, mean final value. */
function scoreOf(trials: readonly Trial[], targets: readonly Target[]): number[] {
  const target = targets.at(-1);
  const metric =
    target?.metric ?? ("testLoss" in (trials[0]?.measurements[0]?.values ?? {}) ? "testLoss" : "loss");
  const sign = target?.direction === "max" ? -1 : 1;
  const finals = trials.map(({ failure, measurements }) => {
    const value = measurements.at(-1)?.values[metric];
    return failure === undefined && value !== undefined ? sign * value : Infinity;
  });
  const reached = trials.flatMap(
    ({ measurements }) => (target && reachedAt(measurements, target)?.seconds) ?? [],
  );
  return [trials.length - reached.length, reached.length > 0 ? mean(reached) : 0, mean(finals)];
}

function isLess(a: readonly number[], b: readonly number[]): boolean {
  const at = a.findIndex((value, i) => value !== b[i]);
  return at >= 0 && a[at]! < b[at]!;
}

function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}

function groups<T>(values: readonly T[], keyOf: (value: T) => string): T[][] {
  const found = new Map<string, T[]>();
  for (const value of values) found.set(keyOf(value), [...(found.get(keyOf(value)) ?? []), value]);
  return [...found.values()];
}
