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
  return parseCpuList(allowed)
    .map((cpu) => ({ cpu, ...placeOf(cpu) }))
    .sort((a, b) => a.socket - b.socket || a.core - b.core || a.cpu - b.cpu)
    .map(({ cpu }) => cpu);
}

/** The first of each core's hardware threads among CPUs that lie side by side: all threads share what computes. */
export function firstOfCores(cpus: readonly number[]): number[] {
  const isOther = (a: number, b: number): boolean => {
    const [one, other] = [placeOf(a), placeOf(b)];
    return !one.isKnown || one.socket !== other.socket || one.core !== other.core;
  };
  return cpus.filter((cpu, i) => i === 0 || isOther(cpu, cpus[i - 1]!));
}

function placeOf(cpu: number) {
  const topology = (name: string): string => textOf(`/sys/devices/system/cpu/cpu${cpu}/topology/${name}`);
  const [socket, core] = [topology("physical_package_id"), topology("core_id")];
  return { socket: Number(socket), core: Number(core), isKnown: core !== "" };
}

/** "0-2,8" → [0, 1, 2, 8] */
export function parseCpuList(list: string): number[] {
  return list.split(",").flatMap((run) => {
    const [first, last = first] = run.split("-").map(Number);
    return Array.from({ length: last! - first! + 1 }, (_, index) => first! + index);
  });
}
