import { medianOf } from "../../averages.js";
import type { BandPoint } from "../../report/panel.js";
import type { Target } from "../trial.js";
import type { Unit } from "./compared.js";
import { within, type Outcome } from "./outcomes.js";

/** More points than this are not told apart on a panel. */
const MOST_POINTS = 150;

interface Place {
  readonly at: number;
  readonly value: number;
}

/** What was measured of one seed. */
interface Run {
  readonly places: readonly Place[];
  /** What holds before and after them. */
  readonly start: number;
  readonly end: number;
  readonly failed: boolean;
}

/**
 * Median and range over the seeds of a metric against seconds, gradients or epochs, wherever one of them was measured;
 * the others lie on the line between two measurements and stay at their last when they have ended. One that has failed,
 * or was not measured yet, is worse than any value. From where half of them have been measured until the last has ended.
 */
export function bandOf(
  { workload, trials }: Outcome,
  by: Unit,
  { metric, direction }: Target,
): readonly BandPoint[] {
  const worst = direction === "max" ? -Infinity : Infinity;
  const runs = trials.map((trial): Run => {
    const places = within(workload.budget, trial).flatMap((measurement): Place[] => {
      const value = measurement.values[metric] ?? NaN;
      return Number.isFinite(value) ? [{ at: measurement[by], value }] : [];
    });
    const failed = trial.failure !== undefined;
    return { places, failed, start: worst, end: failed ? worst : (places.at(-1)?.value ?? worst) };
  });
  const measured = runs.filter(({ places }) => places.length > 0);
  const whole = measured.filter(({ failed }) => !failed);
  const first = medianOf(measured.map(({ places }) => places[0]!.at));
  const last = Math.max(...(whole.length > 0 ? whole : measured).map(({ places }) => places.at(-1)!.at));
  const all = new Set(measured.flatMap(({ places }) => places.map(({ at }) => at)));
  const shown = [...new Set([...all, first, last])]
    .filter((at) => at >= first && at <= last)
    .sort((a, b) => a - b);
  const every = Math.ceil(shown.length / MOST_POINTS);
  return shown
    .filter((_, index) => index % every === 0 || index === shown.length - 1)
    .map((at) => {
      const values = runs.map((run) => valueAt(run, at));
      return { at, middle: medianOf(values), least: Math.min(...values), most: Math.max(...values) };
    });
}

/** On the line between the measurements around it. */
function valueAt({ places, start, end }: Run, at: number): number {
  const next = places.findIndex((place) => place.at >= at);
  if (next === -1) return end;
  const [before, after] = [places[next - 1], places[next]!];
  if (after.at === at) return after.value;
  if (before === undefined) return start;
  return before.value + ((after.value - before.value) * (at - before.at)) / (after.at - before.at);
}
