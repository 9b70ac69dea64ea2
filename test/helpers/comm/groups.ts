import { connect, createLocalGroup, type Communicator } from "../../../src/comm/index.js";
import { startRendezvous } from "../../../src/comm/rendezvous/server.js";
import { newJob, type RankEnvironment } from "../../../src/rank/environment.js";

/** Inside this process; or over sockets, with long payloads taken from memory or not. */
export type TransportKind = "memory" | "shared" | "ipc" | "tcp";

export const TRANSPORTS: readonly TransportKind[] = ["memory", "shared", "ipc", "tcp"];

interface GroupOptions {
  readonly timeoutSeconds?: number;
  readonly insecure?: boolean;
}

/** Ranks of one job in this process, over memory or over real sockets. */
export async function openGroup(
  kind: TransportKind,
  size: number,
  { timeoutSeconds = 20, insecure = false }: GroupOptions = {},
): Promise<Communicator[]> {
  if (kind === "memory") return createLocalGroup(size, timeoutSeconds);
  const job = { ...newJob(), size, timeoutSeconds, insecure };
  const rendezvous = await startRendezvous(job);
  try {
    const environment = (rank: number): RankEnvironment => ({
      ...job,
      rank,
      localRank: rank,
      localSize: size,
      rendezvous: rendezvous.endpoint,
      transport: kind === "tcp" ? "tcp" : "auto",
      sharedMemory: kind === "shared",
    });
    return await Promise.all(Array.from({ length: size }, (_, rank) => connect(environment(rank))));
  } finally {
    await rendezvous.close();
  }
}

/** Runs `body` on every rank of a fresh group at once and closes the group. */
export async function onGroup<R>(
  kind: TransportKind,
  size: number,
  body: (comm: Communicator) => Promise<R>,
  options?: GroupOptions,
): Promise<R[]> {
  const group = await openGroup(kind, size, options);
  try {
    return await Promise.all(group.map(body));
  } finally {
    await Promise.all(group.map((comm) => comm.close()));
  }
}
