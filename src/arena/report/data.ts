import papa from "papaparse";
import type { Trial } from "../trial.js";
import { UNITS, type Compared } from "./compared.js";
import { candidateKey, firstReaching, within, type Outcome } from "./outcomes.js";

/** A row a measurement, those beyond the budget included. */
export function resultsCsv({ trials }: Compared): string {
  const metrics = [
    ...new Set(
      trials.flatMap(({ measurements }) => measurements.flatMap(({ values }) => Object.keys(values))),
    ),
  ];
  const rows = trials.flatMap((trial) => {
    const own = whose(trial);
    return trial.measurements.map(({ seconds, epochs, steps, gradients, values }) => [
      ...own,
      ...[seconds, epochs, steps, gradients],
      ...metrics.map((metric) => values[metric] ?? ""),
    ]);
  });
  const fields = ["workload", "method", "candidate", "seed", "seconds", "epochs", "steps", "gradients"];
  return csv([...fields, ...metrics], rows);
}

/** A row for each trial and target: when it was reached, nothing where it was not; whether the trial's candidate is the chosen one. */
export function timesCsv({ workloads, trials }: Compared, outcomes: readonly Outcome[]): string {
  const chosen = new Set(outcomes.flatMap((outcome) => outcome.trials));
  const rows = trials.flatMap((trial) => {
    const workload = workloads.find(({ name }) => name === trial.workload);
    return (workload?.targets ?? []).map((target) => {
      const first = firstReaching(target, within(workload!.budget, trial));
      return [
        ...whose(trial),
        chosen.has(trial),
        ...[target.metric, target.direction, target.value],
        ...UNITS.map((unit) => first?.[unit] ?? ""),
        trial.failure ?? "",
      ];
    });
  });
  const fields = ["workload", "method", "candidate", "seed", "chosen", "metric", "direction", "target"];
  return csv([...fields, ...UNITS, "failure"], rows);
}

function whose(trial: Trial): (string | number)[] {
  return [
    trial.workload,
    trial.method,
    JSON.stringify(Object.fromEntries(JSON.parse(candidateKey(trial)) as [string, unknown][])),
    trial.seed,
  ];
}

function csv(fields: readonly string[], rows: readonly (readonly unknown[])[]): string {
  return `${papa.unparse({ fields: [...fields], data: rows.map((row) => [...row]) }, { newline: "\n" })}\n`;
}
