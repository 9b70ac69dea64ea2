import { createHash } from "node:crypto";
import { connect, createServer, type ListenOptions, type Server, type TcpNetConnectOpts } from "node:net";
import { once } from "node:events";
import { setTimeout as sleep } from "node:timers/promises";
import { AptsError } from "../../../errors.js";
import type { Seal } from "./seal.js";

/**
 * Where ranks that know nothing but their job's name hand over a secret: rank 0 listens on the first free one of a
 * few ports derived from the name, on a port that all were told, or on a local socket, and tells everyone who calls,
 * sealed; the others try these until an answer opens and names their job. Whoever else may call, or listen there,
 * learns and achieves nothing.
 */
const CANDIDATES = 8;
/** Below the ports that systems hand out by themselves. */
const FIRST_PORT = 20_000;
const PORTS = 12_000;
/** How long one call may take, and the pause between rounds of calls, in milliseconds. */
const CALL_TIME = 5000;
const PAUSE = 100;
const LONGEST_ANSWER = 1 << 16;

/** One address to listen on, or to call. */
export type Door =
  | { readonly host: string; readonly port: number }
  /** `name`: what its user calls the place. */
  | { readonly path: string; readonly name: string };

interface Announcement {
  readonly job: string;
  readonly message: string;
}

export function candidatePorts(job: string): number[] {
  const digest = createHash("sha256").update(job).digest();
  return Array.from(
    { length: CANDIDATES },
    (_, index) => FIRST_PORT + (digest.readUInt16LE(2 * index) % PORTS),
  );
}

/** Tells `message` to the ranks of `job` at the first free one of `doors`, until the server that is returned is closed. */
export async function announce(
  job: string,
  message: string,
  seal: Seal,
  doors: readonly Door[],
): Promise<Server> {
  const announcement: Announcement = { job, message };
  const server = createServer((socket) => {
    socket.on("error", () => undefined); // the caller calls again
    void seal.seal(JSON.stringify(announcement)).then(
      (sealed) => socket.end(sealed),
      () => socket.destroy(),
    );
  });
  server.unref();
  for (const door of doors) {
    try {
      await once(server.listen(door satisfies ListenOptions), "listening");
      return server;
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== "EADDRINUSE") throw error;
    }
  }
  const found = doors.length === 1 ? "it is in use" : "all are in use";
  throw new AptsError(`Expected ${listDoors(doors)} to be free for the ranks to meet at, but ${found}.`);
}

/** What rank 0 of `job` announces at one of `doors`, and at which. */
export async function hear(
  job: string,
  doors: readonly Door[],
  seal: Seal,
  timeoutSeconds: number,
): Promise<{ message: string; door: Door }> {
  const deadline = Date.now() + timeoutSeconds * 1000;
  let problem = "nobody answers";
  while (Date.now() < deadline) {
    for (const door of doors) {
      try {
        const announcement = JSON.parse(await seal.open(await call(door))) as Announcement;
        if (announcement.job === job) return { message: announcement.message, door };
        problem = `at ${listDoors([door])} another job answers`;
      } catch (error) {
        if (!nobodyThere(error)) problem = `${listDoors([door])}: ${(error as Error).message}`;
      }
    }
    await sleep(PAUSE);
  }
  throw new AptsError(
    `Expected rank 0 of job ${job.trim()} to answer at ${listDoors(doors)}, within ${timeoutSeconds} s: ${problem}.`,
  );
}

async function call(door: Door): Promise<string> {
  const socket = connect({
    ...(door as TcpNetConnectOpts),
    signal: AbortSignal.timeout(CALL_TIME),
  }).setEncoding("utf8");
  let answer = "";
  for await (const chunk of socket) {
    answer += chunk as string;
    if (answer.length > LONGEST_ANSWER) throw new Error("the answer is not from a rank");
  }
  return answer;
}

/** "n1 at one of the ports 20001, 20002" */
function listDoors(doors: readonly Door[]): string {
  const paths = doors.flatMap((door) => ("path" in door ? [door.name] : []));
  const tcp = doors.flatMap((door) => ("port" in door ? [door] : []));
  const hosts = [...new Set(tcp.map(({ host }) => host))].join(" or ");
  const ports = [...new Set(tcp.map(({ port }) => port))];
  if (tcp.length === 0) return paths.join(", ");
  return `${hosts}, ${ports.length === 1 ? "port" : "at one of the ports"} ${ports.join(", ")}`;
}

/** No rank 0 yet, or what is left of one that was killed. */
function nobodyThere(error: unknown): boolean {
  return ["ECONNREFUSED", "ENOENT"].includes((error as NodeJS.ErrnoException).code ?? "");
}
