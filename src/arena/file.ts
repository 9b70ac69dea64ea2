import { readConfigFile } from "../config/file.js";
import { integers, number, type OptionTable, type ValuesOf } from "../config/option.js";
import { resolveOptions, type Given } from "../config/resolve.js";
import { UsageError } from "../errors.js";
import { entryOf, type Entry } from "./entry.js";
import { refuseOfArena } from "./left-open.js";
import { mapping, mappings, partOf } from "../config/mapping.js";
import { targetOf } from "./target.js";
import type { Target } from "./trial.js";

/** When a trial ends: with whichever is used first. */
export type Budget = ValuesOf<typeof budgetTable>;

export interface Workload {
  readonly name: string;
  /** Options of `apts train`. */
  readonly train: Given;
  readonly budget: Budget;
  /** Passes over the training samples from one evaluation to the next. */
  readonly evaluate: number;
  readonly targets: readonly Target[];
}

/** What an arena's file says, checked as far as it goes without data. */
export interface Arena {
  readonly seeds: readonly number[];
  readonly workloads: readonly Workload[];
  readonly entries: readonly Entry[];
}

const arenaTable = {
  seeds: integers({ min: 0, max: 2 ** 32 - 1, fallback: [0, 1, 2], help: "seeds of each configuration" }),
  workloads: mapping("what is trained, by name"),
  methods: mapping("what trains it, by name"),
} satisfies OptionTable;

const workloadTable = {
  train: mapping("options of apts train"),
  budget: mapping("what a trial may use: seconds, epochs, gradients"),
  evaluate: number({ min: 1e-6, fallback: 1, help: "passes over the training samples between evaluations" }),
  targets: mappings("metrics to reach"),
} satisfies OptionTable;

const budgetTable = {
  seconds: number({ min: 0.001, fallback: undefined, help: "of training, evaluations left out" }),
  epochs: number({ min: 1e-6, fallback: undefined, help: "passes over the training samples" }),
  gradients: number({ min: 1e-6, fallback: undefined, help: "passes that are differentiated" }),
} satisfies OptionTable;

/**
 * Reads an arena's YAML or JSON file.
 * @throws UsageError for what is not as it should be, by name
 */
export function readArena(file: string): Arena {
  const { seeds, workloads, methods } = resolveOptions(arenaTable, [readConfigFile(file)]);
  if (new Set(seeds).size < seeds.length || seeds.length === 0)
    throw new UsageError(
      `Expected seeds in ${file} to be different numbers, got ${seeds.join(", ") || "none"}.`,
    );
  return {
    seeds,
    workloads: entriesOf(workloads, "workloads", file).map(([name, value]) => workloadOf(name, value, file)),
    entries: entriesOf(methods, "methods", file).map(([name, value]) => entryOf(name, value, file)),
  };
}

function entriesOf(
  values: Readonly<Record<string, unknown>> | undefined,
  what: string,
  file: string,
): [string, Readonly<Record<string, unknown>>][] {
  const entries = Object.entries(values ?? {});
  if (entries.length === 0) throw new UsageError(`Expected ${what} in ${file}, got none.`);
  return entries.map(([name, value]) => [
    name,
    mapping("").parse(value ?? {}, `"${name}" of ${what} in ${file}`)!,
  ]);
}

function workloadOf(name: string, values: Readonly<Record<string, unknown>>, file: string): Workload {
  const where = `workload ${name} of ${file}`;
  const { train, budget, evaluate, targets } = resolveOptions(workloadTable, [partOf(where, values)]);
  if (targets.length === 0) throw new UsageError(`Expected targets of ${where}, got none.`);
  const allowed = resolveOptions(budgetTable, [partOf(`the budget of ${where}`, budget)]);
  if (Object.values(allowed).every((value) => value === undefined))
    throw new UsageError(`Expected a budget of ${where}: seconds, epochs or gradients, got none.`);
  const options = partOf(`train of ${where}`, train);
  refuseOfArena(options);
  return {
    name,
    train: options,
    budget: allowed,
    evaluate,
    targets: targets.map((one) => targetOf(one, where)),
  };
}
