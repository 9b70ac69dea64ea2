import { availableParallelism } from "node:os";
import { readControlGroup, type Limit } from "./control-group.js";

/** How many cores `cpus` CPUs are to a process that may use the time of `quota` CPUs: half a core is one, too. */
export function coresWithin(cpus: number, quota: number | undefined): number {
  return Math.max(1, Math.floor(Math.min(cpus, quota ?? Infinity)));
}

/** The cores this process may compute on: those of its affinity, as far as its control group gives them time. */
export function usableCores(quota: Limit | undefined = readControlGroup().cpus): number {
  return coresWithin(availableParallelism(), quota?.value);
}
