import { textOf } from "./files.js";

/** The limit of this process by its name in /proc/self/limits, such as "Max open files"; undefined: none. */
export function limitOf(name: string, text = textOf("/proc/self/limits")): number | undefined {
  const [, soft] = new RegExp(String.raw`^${name}\s+(\d+|unlimited)`, "m").exec(text) ?? [];
  return soft === undefined || soft === "unlimited" ? undefined : Number(soft);
}

/** "512 MiB", "1.5 GiB": bytes in the units of such limits. */
export function gibibytes(bytes: number): string {
  return bytes < 2 ** 30 ? `${(bytes / 2 ** 20).toFixed(0)} MiB` : `${(bytes / 2 ** 30).toFixed(1)} GiB`;
}
