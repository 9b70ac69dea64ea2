import { markdownTable } from "../../report/comparison.js";
import { printableLine } from "../../terminal.js";
import { UNITS, type Compared } from "./compared.js";
import type { Outcome } from "./outcomes.js";
import {
  budgetText,
  finalTable,
  goalText,
  optionsText,
  searchTable,
  timesTable,
  type Rows,
} from "./tables.js";

/** The whole comparison to read: tables, pictures by the names of their files, what ran and with what configuration. */
export function comparisonMarkdown(compared: Compared, outcomes: readonly Outcome[]): string {
  const { workloads, methods, trials, about } = compared;
  const failures = trials.flatMap(({ method, workload, seed, candidate, failure }) =>
    failure === undefined ? [] : [[method, workload, String(seed), optionsText(candidate), failure]],
  );
  const searches = searchTable(outcomes);
  return [
    "# Comparison",
    ...UNITS.flatMap((unit) => [
      `## By ${unit}`,
      `![curves by ${unit}](curves-${unit}.svg)`,
      tableOf(timesTable(unit, [unit], compared, outcomes)),
    ]),
    `Median over the seeds of the first measurement at the target, range of those that reached it, and how many did
where not all; – where the median does not within the budget. Score: ∫₁⁴ ρ(τ) dτ / 3 of the performance profile.`,
    "## Profiles",
    "![performance profiles](profiles.svg)",
    "## At the end of the budget",
    tableOf(finalTable(compared, outcomes)),
    ...(searches.length > 0
      ? [
          "## Searches",
          tableOf(searches),
          "The seconds are those of every candidate once, not in the times above.",
        ]
      : []),
    "## What ran",
    Object.entries(about)
      .map(([name, value]) => `- ${inMarkdown(name)}: ${inMarkdown(value)}`)
      .join("\n"),
    tableOf([
      ["workload", "targets", "budget", "options"],
      ...workloads.map(({ name, targets, budget, options }) => [
        name,
        targets.map(goalText).join(", "),
        budgetText(budget),
        optionsText(options),
      ]),
    ]),
    tableOf([
      ["method", "options", "trials"],
      ...methods.map(({ name, options }) => [
        name,
        optionsText(options),
        String(trials.filter(({ method }) => method === name).length),
      ]),
    ]),
    ...(failures.length > 0
      ? ["## Failures", tableOf([["method", "workload", "seed", "candidate", "why"], ...failures])]
      : []),
  ]
    .join("\n\n")
    .concat("\n");
}

function tableOf(rows: Rows): string {
  return markdownTable(rows.map((row) => row.map((cell) => cell.split("\n").map(inMarkdown).join("<br>"))));
}

function inMarkdown(text: string): string {
  return printableLine(text).replace(/[\\|<`*_[\]]/g, "\\$&");
}
