import { readdirSync } from "node:fs";

/**
 * The devices that a value of CUDA_VISIBLE_DEVICES names, as CUDA reads it: numbers, or the beginnings of GPU- and
 * MIG-UUIDs. The list ends before the first entry that is neither, such as the -1, none, void or NoDevFiles by which
 * people and batch systems say that there are none.
 */
export function visibleDevices(value: string): string[] {
  const entries = value.split(",").map((entry) => entry.trim());
  const end = entries.findIndex((entry) => !/^(\d+|(GPU|MIG)-[\w/-]+)$/.test(entry));
  return end === -1 ? entries : entries.slice(0, end);
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
