import { availableParallelism, cpus } from "node:os";
import { aptsVersion } from "../run/folder/record.js";
import type { Arena } from "./file.js";
import type { Compared } from "./report/compared.js";
import type { Trial } from "./trial.js";

/** What a report is written from. */
export function comparedOf({ workloads, entries }: Arena, trials: readonly Trial[]): Compared {
  const methods = entries.map(({ name, options }) => ({ name, options: options.values }));
  const processor = cpus()[0]?.model.trim() ?? "unknown";
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
    },
  };
}
