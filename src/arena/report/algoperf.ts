import papa from "papaparse";
import type { Measurement, Target, Trial } from "../trial.js";
import type { Compared, ComparedWorkload } from "./compared.js";
import { candidateKey, within } from "./outcomes.js";

/** Its code asks for the name of a framework after that of a workload, one of the two it knows. */
const FRAMEWORK = "jax";

/**
 * The trials as AlgoPerf's runs leave them and its `scoring/score_submissions.py` reads them, with a method for a submission, a
 * seed for a study and a candidate for a trial; beside them the targets, which that code takes from its own workloads.
 * What a run measures on the samples it holds back stands there as measured on both validation and test samples.
 *
 * @returns the texts of files by their paths.
 */
export function algoPerfFiles({ workloads, methods, trials }: Compared): Record<string, string> {
  const submissions = namesFor(methods.map(({ name }) => name));
  const problems = namesFor(workloads.map(({ name }) => name));
  const seeds = [...new Set(trials.map(({ seed }) => seed))].sort((a, b) => a - b);
  const files = workloads.flatMap((workload) => {
    const onIt = trials.filter((trial) => trial.workload === workload.name);
    const metrics = new Set(workload.targets.map(({ metric }) => metric));
    for (const { measurements } of onIt)
      for (const { values } of measurements) for (const name of Object.keys(values)) metrics.add(name);
    return methods.flatMap(({ name, options }) => {
      const own = onIt.filter(({ method }) => method === name);
      const candidates = [...new Set(own.map(candidateKey))];
      return own.flatMap((trial) => {
        const study = `study_${seeds.indexOf(trial.seed)}`;
        const number = `trial_${candidates.indexOf(candidateKey(trial)) + 1}`;
        const folder = `submissions/${submissions.get(name)!}/${study}/${problems.get(workload.name)!}_${FRAMEWORK}/${number}`;
        return [
          [`${folder}/eval_measurements.csv`, evaluations(workload, [...metrics], trial)],
          [`${folder}/hparams.json`, json({ ...options, ...trial.candidate })],
        ] as const;
      });
    });
  });
  const targets = workloads.map(({ name, targets }) => [problems.get(name)!, targetOf(targets.at(-1)!)]);
  return { ...Object.fromEntries(files), "targets.json": json(Object.fromEntries(targets)) };
}

/** A row an evaluation; one of nothing where there is none, since its code looks into every file for the best. */
function evaluations({ budget }: ComparedWorkload, metrics: readonly string[], trial: Trial): string {
  const columns = new Map(metrics.flatMap((metric) => columnsOf(metric).map((column) => [column, metric])));
  const nothing = { seconds: 0, steps: 0, gradients: 0, epochs: 0, values: {} };
  const measured: readonly Measurement[] = within(budget, trial);
  const rows = (measured.length > 0 ? measured : [nothing]).map((one: Measurement) => [
    ...[one.seconds, one.seconds, one.steps, one.gradients, one.epochs],
    ...[...columns.values()].map((metric) => one.values[metric] ?? ""),
  ]);
  // "score" is the time that it scores by; gradients and epochs are ours, to score by in its place.
  const fields = ["accumulated_submission_time", "score", "global_step", "gradients", "epochs"];
  const data = { fields: [...fields, ...columns.keys()], data: rows };
  return `${papa.unparse(data, { newline: "\n" })}\n`;
}

/** "loss" → train/loss; "testAccuracy" → validation/accuracy and test/accuracy, and so other metrics of a run. */
function columnsOf(metric: string): string[] {
  if (metric === "loss") return ["train/loss"];
  const name = metric.replace(/^test[A-Z]/, (start) => start.slice(4).toLowerCase());
  return [`validation/${name}`, `test/${name}`];
}

function targetOf({ metric, value, direction }: Target): unknown {
  return { metric: columnsOf(metric)[0], target: value, minimized: direction === "min" };
}

/** Names of folders that its patterns of paths take as they are, all different. */
function namesFor(names: readonly string[]): ReadonlyMap<string, string> {
  const taken = new Set<string>();
  const pairs = names.map((name) => {
    const plain = name.replace(/[^A-Za-z0-9_-]+/g, "_");
    let free = plain;
    for (let number = 2; taken.has(free); number++) free = `${plain}_${number}`;
    taken.add(free);
    return [name, free] as const;
  });
  return new Map(pairs);
}

function json(value: unknown): string {
  return `${JSON.stringify(value, null, 2)}\n`;
}
