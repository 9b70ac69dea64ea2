import { availableParallelism, cpus } from "node:os";
import { aptsVersion } from "../package.js";
import type { Arena } from "./file.js";
import { CUTS } from "../run/options/config.js";
import { camel } from "../config/resolve.js";
import type { PlannedTrial } from "./plan.js";
import type { Compared } from "./report/compared.js";
import type { Trial } from "./trial.js";

/** What a report is written from. */
export function comparedOf(
  { workloads, entries }: Arena,
  planned: readonly PlannedTrial[],
  trials: readonly Trial[],
): Compared {
  const methods = entries.map(({ name, options }) => ({ name, options: options.values }));
  const processor = cpus()[0]?.model.trim() ?? "unknown";
  const open = workloads.filter(
    ({ train }) => !Object.keys(train.values).some((name) => CUTS.includes(camel(name))),
  );
  return {
    workloads: workloads.map(({ name, targets, budget, train }) => ({
      name,
      targets,
      budget: Object.fromEntries(Object.entries(budget).filter(([, value]) => value !== undefined)),
      options: train.values,
    })),
    methods,
    trials,
    about: {
      apts: aptsVersion(),
      "Node.js": process.version,
      machine: `${availableParallelism()} × ${processor}`,
      ...Object.fromEntries(open.map(({ name }) => [`mini-batches of ${name}`, cutsOn(name, planned)])),
    },
  };
}

/** "apts batches 1, adam batchSize 32": how each method cuts a workload that does not say it. */
function cutsOn(workload: string, planned: readonly PlannedTrial[]): string {
  const cuts = planned
    .filter((trial) => trial.workload === workload)
    .map(({ method, config: { batchSize, batches } }) =>
      batchSize === undefined ? `${method} batches ${batches}` : `${method} batchSize ${batchSize}`,
    );
  return [...new Set(cuts)].join(", ");
}
