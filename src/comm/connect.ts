import { hostname } from "node:os";

import { AptsError } from "../errors.js";
import { fromVariables, type RankEnvironment } from "../rank/environment.js";
import { startedBy } from "../rank/starters/index.js";
import { Endpoint, type EndpointOptions } from "./calls/endpoint.js";
import { WORLD } from "./calls/group.js";
import type { Communicator } from "./communicator.js";
import { GroupCommunicator } from "./group-communicator.js";
import { processWarnings, Refusals, reportRefused, type CommunicationLog } from "./log.js";
import { meet } from "./rendezvous/client.js";
import { join, type JoinOptions } from "./rendezvous/meeting/join.js";
import type { PeerAddress } from "./rendezvous/protocol.js";
import { memoryTransports } from "./transport/in-process.js";
import { loadPeerMemory, type PeerMemory } from "./transport/shared-memory/peer-memory.js";
import { Sharing } from "./transport/shared-memory/sharing.js";
import { addressTowards, bindLocal, hostIdentity, securityOf } from "./transport/sockets.js";
import type { Transport } from "./transport/transport.js";
import { jobWords, LITTLE_ENDIAN } from "./transport/wire.js";
import { newInbox, ZeromqTransport } from "./transport/zeromq.js";

const DEFAULT_TIMEOUT_SECONDS = 300;

export interface ConnectOptions {
  /** Default: warnings through `process.emitWarning`. */
  readonly log?: CommunicationLog;
  /** Called when all ranks have met, before any of them opens a link to another. */
  readonly onMet?: ((peers: readonly PeerAddress[]) => Promise<void>) | undefined;
}

/**
 * The communicator of this process: of all ranks of its job, whether apts started them or SLURM, mpirun or another
 * starter (docs/clusters.md), or of itself alone. The options of joining are for ranks that apts has not started.
 */
export async function init(options: Partial<JoinOptions> & ConnectOptions = {}): Promise<Communicator> {
  const environment = fromVariables(process.env);
  if (environment) return connect(environment, options);
  const task = startedBy(process.env);
  if (!task || task.size === 1) return selfCommunicator();
  const { timeoutSeconds = DEFAULT_TIMEOUT_SECONDS, insecure = false, sharedMemory = true } = options;
  const joined = await join(task, { timeoutSeconds, insecure, sharedMemory });
  try {
    return await connect(joined.environment, options);
  } finally {
    await joined.close();
  }
}

/**
 * Joins the other ranks of a job: opens an inbox, meets them at the rendezvous, and returns the communicator of all.
 * Links to peers open when they are first used.
 */
export async function connect(
  environment: RankEnvironment,
  { log = processWarnings, onMet }: ConnectOptions = {},
): Promise<Communicator> {
  const { rank, size, insecure } = environment;
  if (!LITTLE_ENDIAN)
    throw new AptsError("Expected a little-endian machine: messages carry numbers in that order.");
  if (size === 1) return selfCommunicator();
  if (insecure)
    log("info", `Rank ${rank} communicates without encryption: whoever reaches its ports can interfere.`);
  const security = securityOf(environment.jobKey, insecure);
  const inbox = newInbox(security);
  try {
    reportRefused(inbox, new Refusals(log, `Rank ${rank}`));
    const ipc = await bindLocal(inbox);
    const { hostname: meetingHost, port } = new URL(environment.rendezvous);
    const address = await addressTowards(meetingHost, Number(port));
    await inbox.bind(`tcp://${address}:*`);
    let [memory, whyNot]: [PeerMemory?, string?] = [];
    try {
      if (environment.sharedMemory !== false) memory = await loadPeerMemory();
    } catch (error) {
      whyNot = (error as Error).message.split("\n")[0]!;
    }
    const own: PeerAddress = {
      host: hostIdentity(),
      hostName: hostname(),
      pid: process.pid,
      sharesMemory: memory !== undefined,
      ipc,
      tcp: inbox.lastEndpoint!,
    };
    const peers = await meet(environment, own, security);
    await onMet?.(peers);
    /** The process of a peer that shares this host's memory. */
    const sharedProcess = (peer: number): number | undefined => {
      const { sharesMemory, host, pid } = peers[peer]!;
      return sharesMemory && host === own.host ? pid : undefined;
    };
    const neighbours = peers.flatMap(({ host }, peer) => (host === own.host ? [peer] : []));
    const reportSockets = onceIn(log, neighbours[0] === rank);
    if (whyNot !== undefined && neighbours.length > 1) reportSockets(whyNot);
    const tcpOnly = environment.transport === "tcp";
    return worldOf(new ZeromqTransport(inbox, rank, peers, security, tcpOnly), {
      ...environment,
      log,
      sharing: memory && new Sharing(memory, sharedProcess, reportSockets),
    });
  } catch (error) {
    inbox.close();
    throw error;
  }
}

/** Says, once, why ranks of one host do not read each other's memory; as a warning from the first rank of the host. */
function onceIn(log: CommunicationLog, isFirst: boolean): (reason: string) => void {
  let said = false;
  return (reason) => {
    if (said) return;
    said = true;
    log(
      isFirst ? "warn" : "info",
      `Ranks of one host cannot read each other's memory (${reason}): payloads go through sockets, which is slower. ` +
        `"apts doctor" says what to change; --no-shared-memory asks for sockets.`,
    );
  };
}

/** Communicators of `size` ranks inside this process, which exchange messages through memory. */
export function createLocalGroup(size: number, timeoutSeconds = DEFAULT_TIMEOUT_SECONDS): Communicator[] {
  return memoryTransports(size).map((transport) =>
    worldOf(transport, { jobId: "local", timeoutSeconds, log: processWarnings }),
  );
}

/** A communicator of one rank. */
export function selfCommunicator(): Communicator {
  return createLocalGroup(1)[0]!;
}

interface World extends Omit<EndpointOptions, "job"> {
  readonly jobId: string;
}

function worldOf(transport: Transport, { jobId, ...options }: World): Communicator {
  const endpoint = new Endpoint(transport, { job: jobWords(jobId), ...options });
  const everyone = Array.from({ length: transport.size }, (_, rank) => rank);
  return new GroupCommunicator(endpoint, everyone, transport.rank, WORLD);
}
