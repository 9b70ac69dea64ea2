import { coresWithin } from "../src/host/cores.js";

/** A host as the user names it. What is left open is decided by what the host turns out to have. */
export interface HostSpec {
  /** As ssh takes it: a name of ~/.ssh/config, a network name, user@name. */
  readonly name: string;
  /** Ranks the host may run; undefined: one per GPU where it has GPUs, else one per core. */
  readonly slots?: number;
  /** GPUs to use, counted from 0; undefined: those the host has. */
  readonly gpus?: number;
}

/** What is there to run ranks on, as a host's agent found it. */
export interface Inventory {
  /** Logical CPUs this job may use, the hardware threads of one core side by side. */
  readonly cpus: readonly number[];
  /** How many CPUs' time its control group lets it use at once; undefined: that of all. */
  readonly cpuQuota?: number;
  /** Values for CUDA_VISIBLE_DEVICES, one per GPU. */
  readonly gpus: readonly string[];
  /** The address under which this host sees the one that started its agent; undefined on the launcher's own host. */
  readonly reachedFrom?: string;
}

export interface Host extends Omit<HostSpec, "gpus"> {
  readonly inventory: Inventory;
}

/** How many cores a host has for this job: CPUs, as far as their time may be used. */
export function coresOf({ cpus, cpuQuota }: Inventory): number {
  return coresWithin(cpus.length, cpuQuota);
}
