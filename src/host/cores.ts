import { availableParallelism } from "node:os";
import { readControlGroup, type Limit } from "./control-group.js";
import { textOf } from "./files.js";

/** How many cores `cpus` CPUs are to a process that may use the time of `quota` CPUs: half a core is one, too. */
export function coresWithin(cpus: number, quota: number | undefined): number {
  return Math.max(1, Math.floor(Math.min(cpus, quota ?? Infinity)));
}

/** The cores this process may compute on: those of its affinity, as far as its control group gives them time. */
export function usableCores(quota: Limit | undefined = readControlGroup().cpus): number {
  return coresWithin(availableParallelism(), quota?.value);
}

/** The CPUs this process may run on, the hardware threads of one core side by side. */
export function usableCpus(): number[] {
  const allowed = /^Cpus_allowed_list:\s*(\S+)$/m.exec(textOf("/proc/self/status"))?.[1];
  if (allowed === undefined) return Array.from({ length: availableParallelism() }, (_, cpu) => cpu);
  const topology = (cpu: number, name: string): number =>
    Number(textOf(`/sys/devices/system/cpu/cpu${cpu}/topology/${name}`));
  return parseCpuList(allowed)
    .map((cpu) => ({ cpu, socket: topology(cpu, "physical_package_id"), core: topology(cpu, "core_id") }))
    .sort((a, b) => a.socket - b.socket || a.core - b.core || a.cpu - b.cpu)
    .map(({ cpu }) => cpu);
}

/** "0-2,8" → [0, 1, 2, 8] */
export function parseCpuList(list: string): number[] {
  return list.split(",").flatMap((run) => {
    const [first, last = first] = run.split("-").map(Number);
    return Array.from({ length: last! - first! + 1 }, (_, index) => first! + index);
  });
}
