import { hostname, totalmem } from "node:os";
import type { Communicator } from "../comm/communicator.js";
import { readControlGroup } from "../host/control-group.js";
import type { MethodDescription } from "../methods/description.js";
import type { MemoryLimit } from "../network/stages/memory.js";

/**
 * What each rank may take: as asked, else the least that a host has for each of its ranks. Collective.
 * @param asked MB
 */
export async function memoryOfRanks(comm: Communicator, asked: number | undefined): Promise<MemoryLimit> {
  if (asked !== undefined) return { bytes: asked * 2 ** 20, isAsked: true };
  const bytes = Math.min(totalmem(), readControlGroup().memory?.value ?? Infinity);
  const hosts = await comm.allgatherObject({ host: hostname(), bytes });
  const share = (of: (typeof hosts)[number]) =>
    of.bytes / hosts.filter(({ host }) => host === of.host).length;
  return { bytes: Math.min(...hosts.map(share)), isAsked: false };
}

/** Vectors as long as θ that the method remembers, with those options. */
export function rememberedBy(method: MethodDescription, options: Readonly<Record<string, unknown>>): number {
  return method.remembers?.(options) ?? REMEMBERED;
}

/** Of methods that do not say. */
const REMEMBERED = 2;
