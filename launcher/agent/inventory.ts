import { readdirSync } from "node:fs";
import { availableParallelism } from "node:os";
import { visibleDevices } from "../../src/cuda.js";
import { readControlGroup } from "../../src/host/control-group.js";
import { textOf } from "../../src/host/files.js";
import type { Inventory } from "../host.js";
import type { Transport } from "./protocol.js";

/** Looks at this host. `variables` is the environment ranks will inherit. */
export function takeInventory(variables: NodeJS.ProcessEnv, transport: Transport): Inventory {
  // "client address, its port, server address, its port"; the launcher's own host may be in somebody else's session.
  const reachedFrom = transport === "ssh" ? variables["SSH_CONNECTION"]?.split(" ")[0] : undefined;
  const quota = readControlGroup().cpus?.value;
  return {
    cpus: usableCpus(),
    ...(quota === undefined ? {} : { cpuQuota: quota }),
    gpus: visibleGpus(variables),
    ...(reachedFrom ? { reachedFrom } : {}),
  };
}

/** The CPUs this process may run on, the hardware threads of one core side by side. */
function usableCpus(): number[] {
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

/** CUDA_VISIBLE_DEVICES where it is set; else the NVIDIA devices of this host (or container), in CUDA's count. */
export function visibleGpus(variables: NodeJS.ProcessEnv, deviceFolder = "/dev"): string[] {
  const chosen = variables["CUDA_VISIBLE_DEVICES"];
  if (chosen !== undefined) return visibleDevices(chosen);
  let entries: string[];
  try {
    entries = readdirSync(deviceFolder);
  } catch {
    entries = [];
  }
  return entries.filter((name) => /^nvidia\d+$/.test(name)).map((_, index) => String(index));
}
