import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { Host } from "../../../launcher/host.js";
import { readHostfile } from "../../../launcher/hostfile.js";
import { inspectHosts } from "../../../launcher/launch.js";
import { slotsOf } from "../../../launcher/placement.js";
import { UsageError } from "../../errors.js";
import { makeFolder } from "../../paths.js";
import type { Need, Places } from "./places.js";

/** What a run has of a host. */
export interface HostPlace {
  /** A host file of this host alone. */
  readonly hostfile: string;
  readonly slots: number;
}

/** The slots of hosts: a run has as many as ranks, all on one host, and all of a host with GPUs, whose first ones it takes. */
export class HostSlots implements Places<HostPlace> {
  readonly #free = new Map<string, number>();

  constructor(private readonly hosts: readonly SlottedHost[]) {
    for (const { hostfile, slots } of hosts) this.#free.set(hostfile, slots);
  }

  take({ ranks }: Need): HostPlace | undefined {
    for (const { hostfile, slots: all, whole } of this.hosts) {
      const free = this.#free.get(hostfile)!;
      const slots = whole ? all : ranks;
      if (ranks > all || slots > free) continue;
      this.#free.set(hostfile, free - slots);
      return { hostfile, slots };
    }
    return undefined;
  }

  giveBack({ hostfile, slots }: HostPlace): void {
    this.#free.set(hostfile, this.#free.get(hostfile)! + slots);
  }
}

export interface SlottedHost {
  readonly hostfile: string;
  readonly slots: number;
  /** Whether a run has all of it. */
  readonly whole: boolean;
}

/**
 * The hosts of a host file, which it looks at; for each one writes a host file of its own into `folder`.
 * @param most ranks of a run
 * @throws UsageError where no host has room for so many
 */
export async function slotsIn(file: string, folder: string, most: number): Promise<HostSlots> {
  const hosts = await inspectHosts(await readHostfile(file));
  const largest = hosts.reduce((a, b) => (slotsOf(b) > slotsOf(a) ? b : a));
  if (most > slotsOf(largest))
    throw new UsageError(
      `Expected runs of at most ${slotsOf(largest)} ranks, the slots of ${largest.name} in ${file}, got ${most}: a run is on one host.`,
    );
  await makeFolder(folder, "the folder of host files");
  return new HostSlots(
    await Promise.all(hosts.map((host, index) => slotted(host, join(folder, String(index))))),
  );
}

async function slotted(host: Host, hostfile: string): Promise<SlottedHost> {
  const slots = slotsOf(host);
  const gpus = host.inventory.gpus.length;
  await writeFile(hostfile, `${host.name} slots=${slots}${gpus > 0 ? ` gpus=${gpus}` : ""}\n`);
  return { hostfile, slots, whole: gpus > 0 };
}
