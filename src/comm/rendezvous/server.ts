import { isIP } from "node:net";

import * as zmq from "zeromq";

import { AptsError } from "../../errors.js";
import { processWarnings, Refusals, reportRefused, type CommunicationLog } from "../log.js";
import { COMMON, securityOf } from "../transport/sockets.js";
import { parseRegistration, PROTOCOL, type Answer, type PeerAddress, type Registration } from "./protocol.js";

export interface RendezvousOptions {
  readonly jobId: string;
  readonly jobKey: string;
  readonly size: number;
  /** Name or address under which ranks reach this machine; default 127.0.0.1, which only local ranks can. */
  readonly host?: string;
  /** How long ranks have to arrive. */
  readonly timeoutSeconds: number;
  readonly insecure: boolean;
  /** Default: warnings through `process.emitWarning`. */
  readonly log?: CommunicationLog;
}

export interface Rendezvous {
  /** `tcp://host:port`, for APTS_RENDEZVOUS. */
  readonly endpoint: string;
  /** The ranks that have not come yet: "rank 1", "ranks 1, 3". */
  missing(): string;
  close(): Promise<void>;
}

interface Guest {
  readonly route: Buffer;
  readonly peer: PeerAddress;
}

/**
 * Opens the place where the ranks of a job find each other: each registers where it can be reached, and when all
 * have, all get the whole table. A rank of another job run, of another size, or that comes twice or too late is
 * refused with the reason. When the time is up, all that came are told who did not.
 */
export async function startRendezvous(options: RendezvousOptions): Promise<Rendezvous> {
  const { host = "127.0.0.1", size, timeoutSeconds } = options;
  const { listening } = securityOf(options.jobKey, options.insecure);
  const socket = new zmq.Router({ ...COMMON, ...listening, linger: 2000, maxMessageSize: 64 << 10 });
  const refusals = new Refusals(options.log ?? processWarnings, "The rendezvous");
  reportRefused(socket, refusals);
  const local = host === "localhost" || host.startsWith("127.");
  const address = `tcp://${local ? (isIP(host) ? host : "127.0.0.1") : "0.0.0.0"}:*`;
  try {
    await socket.bind(address);
  } catch (error) {
    socket.close();
    throw new AptsError(
      `Expected to listen on ${address} for the rendezvous of ranks, but: ${String(error)}.`,
      {
        cause: error,
      },
    );
  }
  const guests = new Map<number, Guest>();
  let over: string | undefined;

  const answer = (route: Buffer, message: Answer): void => {
    socket.send([route, JSON.stringify(message)]).catch(() => undefined); // it left; the others will hear of that
  };
  const missing = (): string =>
    listRanks(Array.from({ length: size }, (_, rank) => rank).filter((rank) => !guests.has(rank)));
  const deadline = setTimeout(() => {
    over =
      `Expected ${size} ranks to arrive within ${timeoutSeconds} s, but ${missing()} did not. ` +
      `See the output of ${size - guests.size === 1 ? "that rank" : "those ranks"}, or raise --timeout.`;
    for (const { route } of guests.values()) answer(route, { type: "refused", message: over });
  }, timeoutSeconds * 1000);

  const receive = async (): Promise<void> => {
    for await (const [route, body] of socket) {
      const registration = body && parseRegistration(body);
      if (registration === undefined) {
        refusals.report("a message that is no registration of a rank");
        continue;
      }
      const objection = over ?? objectionTo(registration, options, guests);
      if (objection !== undefined) {
        refusals.report(`a rank. ${objection.replace(/\.$/, "")}`);
        answer(route!, { type: "refused", message: objection });
        continue;
      }
      guests.set(registration.rank, { route: route!, peer: registration.peer });
      if (guests.size < size) continue;
      clearTimeout(deadline);
      over = `All ${size} ranks of this job have met already.`;
      const peers = Array.from({ length: size }, (_, rank) => guests.get(rank)!.peer);
      for (const guest of guests.values()) answer(guest.route, { type: "table", peers });
    }
  };
  const done = receive();

  return {
    endpoint: `tcp://${host}:${socket.lastEndpoint!.split(":").at(-1)!}`,
    missing,
    close: async () => {
      clearTimeout(deadline);
      socket.close();
      await done;
    },
  };
}

/** Why a registration cannot be accepted, if so. */
function objectionTo(
  { protocol, jobId, rank, size }: Registration,
  options: RendezvousOptions,
  guests: ReadonlyMap<number, Guest>,
): string | undefined {
  if (protocol !== PROTOCOL) {
    return `Expected all ranks to run one version of apts, but rank ${rank} speaks protocol ${protocol}, not ${PROTOCOL}.`;
  }
  if (jobId !== options.jobId) {
    return `Expected a rank of job ${options.jobId}, but rank ${rank} belongs to job ${jobId}: it is left from an earlier start.`;
  }
  if (size !== options.size)
    return `Expected ${options.size} ranks, but rank ${rank} was told there are ${size}.`;
  if (rank < 0 || rank >= size) return `Expected ranks 0 to ${size - 1}, got rank ${rank}.`;
  const known = guests.get(rank);
  if (known === undefined) return undefined;
  return `Expected each rank once, but rank ${rank} runs on ${known.peer.hostName} as process ${known.peer.pid} already.`;
}

function listRanks(ranks: readonly number[]): string {
  const shown = ranks.slice(0, 16).join(", ") + (ranks.length > 16 ? `, … (${ranks.length} in all)` : "");
  return ranks.length === 1 ? `rank ${shown}` : `ranks ${shown}`;
}
