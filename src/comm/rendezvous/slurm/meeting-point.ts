import { createHash } from "node:crypto";
import { connect, createServer, type Server } from "node:net";
import { once } from "node:events";
import { setTimeout as sleep } from "node:timers/promises";
import { AptsError } from "../../../errors.js";
import type { Seal } from "./seal.js";

/**
 * Where tasks that know nothing but their step's name hand over a secret: task 0 listens on the first free one of a
 * few ports derived from the name and tells everyone who calls, sealed; the others try these ports until an answer
 * opens and names their step. Whoever else may call, or listen there, learns and achieves nothing.
 */
const CANDIDATES = 8;
/** Below the ports that systems hand out by themselves. */
const FIRST_PORT = 20_000;
const PORTS = 12_000;
/** How long one call may take, and the pause between rounds of calls, in milliseconds. */
const CALL_TIME = 5000;
const PAUSE = 100;
const LONGEST_ANSWER = 1 << 16;

interface Announcement {
  readonly step: string;
  readonly message: string;
}

export function candidatePorts(step: string): number[] {
  const digest = createHash("sha256").update(step).digest();
  return Array.from(
    { length: CANDIDATES },
    (_, index) => FIRST_PORT + (digest.readUInt16LE(2 * index) % PORTS),
  );
}

/** Tells `message` to the tasks of `step`, until the server that is returned is closed. */
export async function announce(step: string, message: string, seal: Seal, address: string): Promise<Server> {
  const announcement: Announcement = { step, message };
  const server = createServer((socket) => {
    socket.on("error", () => undefined); // the caller calls again
    void seal.seal(JSON.stringify(announcement)).then(
      (sealed) => socket.end(sealed),
      () => socket.destroy(),
    );
  });
  server.unref();
  const ports = candidatePorts(step);
  for (const port of ports) {
    try {
      await once(server.listen({ port, host: address }), "listening");
      return server;
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== "EADDRINUSE") throw error;
    }
  }
  throw new AptsError(
    `Expected one of the ports ${ports.join(", ")} to be free on ${address}, found all in use.`,
  );
}

/** What task 0 of `step`, on `host`, announces. */
export async function hear(step: string, host: string, seal: Seal, timeoutSeconds: number): Promise<string> {
  const ports = candidatePorts(step);
  const deadline = Date.now() + timeoutSeconds * 1000;
  let problem = "nobody answers";
  while (Date.now() < deadline) {
    for (const port of ports) {
      try {
        const announcement = JSON.parse(await seal.open(await call(host, port))) as Announcement;
        if (announcement.step === step) return announcement.message;
      } catch (error) {
        if (!isRefusal(error)) problem = `port ${port}: ${(error as Error).message}`;
      }
    }
    await sleep(PAUSE);
  }
  throw new AptsError(
    `Expected task 0 of SLURM step ${step} to answer on ${host}, at one of the ports ${ports.join(", ")}, ` +
      `within ${timeoutSeconds} s: ${problem}.`,
  );
}

async function call(host: string, port: number): Promise<string> {
  const socket = connect({ host, port, signal: AbortSignal.timeout(CALL_TIME) }).setEncoding("utf8");
  let answer = "";
  for await (const chunk of socket) {
    answer += chunk as string;
    if (answer.length > LONGEST_ANSWER) throw new Error("the answer is not from a task");
  }
  return answer;
}

function isRefusal(error: unknown): boolean {
  return (error as NodeJS.ErrnoException).code === "ECONNREFUSED";
}
