import { HELP } from "../config/help-groups.js";
import type { OptionTable } from "../config/option.js";
import { camel, type Given } from "../config/resolve.js";
import { UsageError } from "../errors.js";
import { trainOptions } from "../run/options/table.js";

/** Options of a run that the arena says itself, and where. */
const SAID_BY_ARENA: Readonly<Record<string, string>> = {
  method: "Name methods under methods",
  seed: "Say seeds",
  epochs: "Say it in the budget",
  maxSeconds: "Say it in the budget",
  maxGradients: "Say it in the budget",
  batchesPerEpoch: "Say evaluate",
  out: "Say --out",
};

/** Those that say what is solved: methods are compared on one problem. */
const SAID_BY_WORKLOAD: Readonly<Record<string, string>> = Object.fromEntries(
  Object.entries(trainOptions as OptionTable)
    .filter(([, { group }]) => group === HELP.data || group === HELP.model)
    .map(([name]) => [name, "Say it in train of the workload, for all methods"]),
);

/** @throws UsageError for an option that is not for `train` of a workload to say */
export function refuseOfArena(given: Given): void {
  refuse(given, SAID_BY_ARENA);
}

/** @throws UsageError for an option that is not for a method to say or to search */
export function refuseOfProblem(given: Given): void {
  refuse(given, { ...SAID_BY_ARENA, ...SAID_BY_WORKLOAD });
}

function refuse({ source, values }: Given, said: Readonly<Record<string, string>>): void {
  const found = Object.keys(values).find((name) => Object.hasOwn(said, camel(name)));
  if (found === undefined) return;
  const where = source.kind === "file" ? source.path : "";
  throw new UsageError(
    `Expected options that the arena leaves open in ${where}, got "${found}". ${said[camel(found)]!}.`,
  );
}
