import { UsageError } from "../src/errors.js";
import { coresOf, type Host } from "./host.js";

/** Where one rank runs. */
export interface Placement {
  readonly rank: number;
  readonly host: string;
  /** Position among the ranks of its host, 0 ≤ localRank < localSize. */
  readonly localRank: number;
  readonly localSize: number;
  /** Its GPU, a value for CUDA_VISIBLE_DEVICES; undefined where the host has none. */
  readonly gpu?: string;
  /** Its share of the host's cores, at least 1; the same for all ranks of a host. */
  readonly cores: number;
  /** The logical CPUs it is bound to; undefined: all of the host. */
  readonly cpus?: readonly number[];
}

export interface PlacementRules {
  /** How many ranks; undefined: every slot of every host. */
  readonly ranks?: number | undefined;
  readonly ranksPerHost?: number | undefined;
  /** `slot` fills a host before the next begins; `node` deals ranks to the hosts in turn. */
  readonly mapBy: "slot" | "node";
  /** Bind ranks that share a host to cores of their own. */
  readonly bind: boolean;
}

/**
 * Places ranks on hosts. Slots a host file names are a limit; where none are named, ranks beyond one per GPU or core
 * share them (a small machine may run any number of ranks, slowly).
 */
export function place(hosts: readonly Host[], rules: PlacementRules): Placement[] {
  const capacity = hosts.map((host) => rules.ranksPerHost ?? slotsOf(host));
  if (rules.ranksPerHost !== undefined) requireSlots(hosts, rules.ranksPerHost);
  const offered = sum(capacity);
  const ranks = rules.ranks ?? offered;
  if (ranks > offered) growOpenHosts(hosts, rules, capacity, ranks);
  const order = rules.mapBy === "slot" ? bySlot(capacity) : byNode(capacity);
  const hostOfRank = order.slice(0, ranks);
  const localSizes = hosts.map((_, index) => hostOfRank.filter((host) => host === index).length);
  const placed = hosts.map(() => 0);
  return hostOfRank.map((index, rank) => {
    const host = hosts[index]!;
    const local = { localRank: placed[index]!++, localSize: localSizes[index]! };
    return { rank, host: host.name, ...local, ...devices(host, local, rules.bind) };
  });
}

/** One rank per GPU, else one per core, unless the user says how many. */
export function slotsOf({ slots, inventory }: Host): number {
  return slots ?? (inventory.gpus.length || coresOf(inventory));
}

function requireSlots(hosts: readonly Host[], ranksPerHost: number): void {
  const small = hosts.find((host) => host.slots !== undefined && host.slots < ranksPerHost);
  if (small) {
    throw new UsageError(
      `Expected every host to have at least ${ranksPerHost} slots (--ranks-per-host), ` +
        `${small.name} has slots=${small.slots!} in the host file.`,
    );
  }
}

/** Deals the ranks beyond what is offered to the hosts whose slots nobody named. */
function growOpenHosts(
  hosts: readonly Host[],
  rules: PlacementRules,
  capacity: number[],
  ranks: number,
): void {
  const open = rules.ranksPerHost === undefined ? hosts.filter((host) => host.slots === undefined) : [];
  if (open.length === 0) {
    const offer = hosts.map((host, index) => `${host.name}: ${capacity[index]!}`).join(", ");
    throw new UsageError(
      `Expected --ranks to be at most ${sum(capacity)}, the slots of all hosts (${offer}), got ${ranks}.`,
    );
  }
  for (let missing = ranks - sum(capacity), turn = 0; missing > 0; missing--, turn++) {
    capacity[hosts.indexOf(open[turn % open.length]!)]!++;
  }
}

/** Host indices in rank order, host after host. */
function bySlot(capacity: readonly number[]): number[] {
  return capacity.flatMap((slots, host) => Array<number>(slots).fill(host));
}

/** Host indices in rank order, one of each host with room left, again and again. */
function byNode(capacity: readonly number[]): number[] {
  const rounds = Math.max(0, ...capacity);
  return Array.from({ length: rounds }, (_, round) => round).flatMap((round) =>
    capacity.flatMap((slots, host) => (round < slots ? [host] : [])),
  );
}

function devices(
  { inventory }: Host,
  { localRank, localSize }: Pick<Placement, "localRank" | "localSize">,
  bind: boolean,
): Pick<Placement, "gpu" | "cores" | "cpus"> {
  const { gpus, cpus } = inventory;
  const cores = coresOf(inventory);
  const share = Math.floor(cores / localSize);
  // Time on any of the CPUs is no CPU of one's own: its neighbours would be bound to the same.
  const binds = bind && localSize > 1 && share > 0 && cores === cpus.length;
  return {
    ...(gpus.length > 0 ? { gpu: gpus[localRank % gpus.length]! } : {}),
    cores: Math.max(1, share),
    ...(binds ? { cpus: cpus.slice(localRank * share, (localRank + 1) * share) } : {}),
  };
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}
