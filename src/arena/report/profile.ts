import type { Compared, Unit } from "./compared.js";
import type { Outcome } from "./outcomes.js";

/** Where the profiles end: who takes longer than this many times the best has not solved the problem. */
export const LAST_TAU = 4;

/** What a method's time to one target is, in those of the fastest method. */
export interface Ratio {
  /** From 1; infinite where the target is not reached. */
  readonly ratio: number;
  /** Of the target among all: workloads weigh the same, and so do the targets of one. */
  readonly weight: number;
}

/**
 * Performance profiles (Dolan and Moré, Mathematical Programming 91, 2002) as AlgoPerf takes them (Dahl et al.,
 * arXiv:2306.07179): the time of a method is its median over the seeds, and ρ(τ) the share of all workloads, those that
 * nobody solves included, that it solves within τ times the time of the fastest.
 *
 * @returns for each of the methods its ratios, one a target.
 */
export function ratiosBy(
  unit: Unit,
  { workloads, methods }: Pick<Compared, "workloads" | "methods">,
  outcomes: readonly Outcome[],
): Ratio[][] {
  const problems = workloads.flatMap((workload) =>
    workload.targets.map((_, target) => {
      const times = methods.map(({ name }) => {
        const outcome = outcomes.find((one) => one.method === name && one.workload.name === workload.name);
        return outcome?.times[target]?.[unit].median ?? Infinity;
      });
      return { times, weight: 1 / (workloads.length * workload.targets.length) };
    }),
  );
  return methods.map((_, method) =>
    problems.map(({ times, weight }) => ({ weight, ratio: over(times[method]!, Math.min(...times)) })),
  );
}

/** Of who is fastest 1, though it take no time; infinite of who never arrives. */
function over(time: number, best: number): number {
  return time === Infinity ? Infinity : time === best ? 1 : time / best;
}

/** ρ(τ) */
export function rho(ratios: readonly Ratio[], tau: number): number {
  return ratios.reduce((sum, { ratio, weight }) => sum + (ratio <= tau ? weight : 0), 0);
}

/** ∫₁⁴ ρ(τ) dτ / 3, exactly: a target reached in r times the best counts from r on. From 0 to 1. */
export function score(ratios: readonly Ratio[]): number {
  return ratios.reduce(
    (sum, { ratio, weight }) => sum + (weight * Math.max(0, LAST_TAU - ratio)) / (LAST_TAU - 1),
    0,
  );
}
