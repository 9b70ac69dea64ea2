import { printableLine } from "../../terminal.js";
import type { Target } from "../trial.js";
import { UNITS, type Compared, type Unit } from "./compared.js";
import type { Outcome, Spread } from "./outcomes.js";
import { ratiosBy, score } from "./profile.js";

/** Rows of a table, the first its head; a cell may have several lines. */
export type Rows = readonly (readonly string[])[];

/**
 * For each method the way to each target: the median over the seeds, the range of those that reached it, and how many
 * did where not all; a dash where the median does not. Then its scores, and the methods by the first of them.
 */
export function timesTable(
  of: Unit,
  scoresBy: readonly Unit[],
  compared: Compared,
  outcomes: readonly Outcome[],
): Rows {
  const targets = compared.workloads.flatMap((workload) =>
    workload.targets.map((target, index) => ({ workload, target, index })),
  );
  const scores = scoresBy.map((unit) => ratiosBy(unit, compared, outcomes).map(score));
  const rows = compared.methods.map(({ name }, method) => {
    const cells = targets.map(({ workload, index }) => {
      const outcome = outcomes.find((one) => one.method === name && one.workload === workload);
      if (!outcome) return "";
      const { reached, [of]: spread } = outcome.times[index]!;
      const seeds = outcome.trials.length;
      return [spreadText(spread, seeds), ...(reached < seeds ? [`${reached}/${seeds}`] : [])].join(" ");
    });
    const own = scores.map((unit) => unit[method]!);
    return { score: own[0]!, row: [printableLine(name), ...cells, ...own.map((value) => value.toFixed(3))] };
  });
  const heads = targets.map(({ workload, target }) => `${printableLine(workload.name)}\n${goalText(target)}`);
  return [
    ["", ...heads, ...scoresBy.map((unit) => `score by\n${unit}`)],
    ...rows.sort((a, b) => b.score - a.score).map(({ row }) => row),
  ];
}

/** Of each method the metric of a workload's last target where the budget ends: median and range over the seeds. */
export function finalTable({ workloads, methods }: Compared, outcomes: readonly Outcome[]): Rows {
  const heads = workloads.map(
    ({ name, targets }) => `${printableLine(name)}\n${printableLine(targets.at(-1)!.metric)}`,
  );
  const rows = methods.map(({ name }) => [
    printableLine(name),
    ...workloads.map((workload) => {
      const outcome = outcomes.find((one) => one.method === name && one.workload === workload);
      return outcome ? spreadText(outcome.final, outcome.trials.length, 4) : "";
    }),
  ]);
  return [["", ...heads], ...rows];
}

/** What the searches chose and took; no rows where nobody searched. */
export function searchTable(outcomes: readonly Outcome[]): Rows {
  const rows = outcomes.flatMap(({ method, workload, search, trials }) =>
    search
      ? [
          [
            printableLine(method),
            printableLine(workload.name),
            String(search.candidates),
            optionsText(trials[0]!.candidate),
            numberText(search.seconds),
          ],
        ]
      : [],
  );
  return rows.length === 0
    ? []
    : [["method", "workload", "candidates", "chosen", "seconds of the search"], ...rows];
}

/** "testAccuracy ≥ 0.94" */
export function goalText({ metric, value, direction }: Target): string {
  return `${printableLine(metric)} ${direction === "max" ? "≥" : "≤"} ${value}`;
}

/** "rate 0.01, schedule cosine" */
export function optionsText(options: Readonly<Record<string, unknown>>): string {
  const valueText = (value: unknown): string => (typeof value === "string" ? value : JSON.stringify(value));
  return Object.entries(options)
    .map(([name, value]) => printableLine(`${name} ${valueText(value)}`))
    .join(", ");
}

/** "30 seconds, 10 epochs" */
export function budgetText(budget: Readonly<Partial<Record<Unit, number>>>): string {
  return UNITS.flatMap((unit) => (budget[unit] === undefined ? [] : `${budget[unit]} ${unit}`)).join(", ");
}

function spreadText({ median, least, most }: Spread, seeds: number, digits = 3): string {
  if (!Number.isFinite(median)) return "–";
  const text = (value: number): string => numberText(value, digits);
  const range = `${text(least)}–${text(most)}`;
  return seeds === 1 || least === most ? text(median) : `${text(median)} (${range})`;
}

/** Three digits, or all before the point. */
function numberText(value: number, digits = 3): string {
  const size = Math.abs(value);
  return size >= 10 ** digits ? value.toFixed(0) : String(Number(value.toPrecision(digits)));
}
