import type { Communicator } from "../comm/index.js";
import { hostIdentity } from "../comm/transport/sockets.js";
import { readControlGroup } from "../host/control-group.js";
import { coresWithin, usableCpus } from "../host/cores.js";
import { visibleGpus } from "../host/gpus.js";

/** What a rank tells the others of where it runs. */
interface Seat {
  readonly host: string;
  readonly cpus: readonly number[];
}

/** A rank's place among those of its host, as they find it themselves. */
export interface Neighbours {
  readonly localRank: number;
  readonly localSize: number;
  /** The cores this rank has to itself: its share of those it may run on. */
  readonly cores: number;
}

/** Finds out who shares this rank's host: starters do not all tell, nor whether they bind ranks to cores. */
export async function meetNeighbours(comm: Communicator): Promise<Neighbours> {
  const seats = await comm.allgatherObject<Seat>({ host: hostIdentity(), cpus: usableCpus() });
  return neighboursOf(seats, comm.rank, readControlGroup().cpus?.value);
}

/** @param quota how many CPUs' time this host's ranks may use together */
export function neighboursOf(seats: readonly Seat[], rank: number, quota?: number): Neighbours {
  const own = seats[rank]!;
  const local = seats.filter(({ host }) => host === own.host);
  const sharing = local.filter(({ cpus }) => cpus.some((cpu) => own.cpus.includes(cpu))).length;
  return {
    localRank: seats.slice(0, rank).filter(({ host }) => host === own.host).length,
    localSize: local.length,
    cores: coresWithin(own.cpus.length / sharing, quota === undefined ? undefined : quota / local.length),
  };
}

/**
 * The GPU of a SLURM task, a value for CUDA_VISIBLE_DEVICES. With --gpus-per-task SLURM has left each task its own and
 * there is nothing to choose: undefined. With --gpus-per-node all tasks of a node see all of them, and share them out
 * by their local rank.
 */
export function gpuOfTask(
  { localRank, localSize }: { readonly localRank: number; readonly localSize: number },
  variables: NodeJS.ProcessEnv,
): string | undefined {
  const gpus = visibleGpus(variables);
  return localSize > 1 && gpus.length > 1 ? gpus[localRank % gpus.length] : undefined;
}
