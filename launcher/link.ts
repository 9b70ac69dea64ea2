import { spawn, type ChildProcess } from "node:child_process";
import type { Readable } from "node:stream";
import { ownProgram } from "../src/package.js";
import {
  ALIVE_SECONDS,
  readMessages,
  writeMessage,
  type FromAgent,
  type HostTree,
  type ToAgent,
  type Transport,
} from "./agent/protocol.js";
import { lineGroups } from "./lines.js";
import { sshCommand } from "./ssh.js";
import { settlesWithin } from "./waiting.js";

/** An agent gives its ranks 5 s to end; one that has not ended by then is cut off. In milliseconds. */
const CLOSE_TIME = 7000;
/** How long the output of an agent that has ended may still be on its way, in milliseconds. */
const DRAIN_TIME = 500;
/** How many lines of its error output explain the end of an agent. */
const LAST_WORDS = 5;

/** A running agent, seen from where it was started. */
export interface HostLink {
  /** Its host and those below it. */
  readonly hosts: readonly string[];
  send(message: ToAgent): void;
  /** Has the agent end its ranks and itself; resolves when it is gone. */
  close(): Promise<void>;
}

export type Deliver = (message: FromAgent) => Promise<void>;

/**
 * Starts the agent of `tree.host`, here or over ssh, and hands on what it and the agents below it say. An agent that
 * ends before it was told to is reported as lost, with the hosts below it.
 */
export function openLink(tree: HostTree, transport: Transport, deliver: Deliver): HostLink {
  const hosts = hostsOf(tree);
  const agent = [process.execPath, ownProgram("./agent/main.js", import.meta.url)];
  const [program, ...args] = transport === "local" ? agent : sshCommand(tree.host, agent);
  // A session of its own: Ctrl-C in a terminal reaches the launcher alone, which then decides.
  const child = spawn(program!, args, { detached: true, stdio: "pipe" });
  child.stdin.on("error", () => undefined); // it has ended, which is seen below
  const closing = new AbortController();

  const lastWords: string[] = [];
  void forEachLine(child.stderr, (line) => {
    lastWords.push(line.trimEnd()); // ssh ends its lines as terminals do
    if (lastWords.length > LAST_WORDS) lastWords.shift();
  });
  const received = (async () => {
    for await (const message of readMessages<FromAgent>(child.stdout)) await deliver(message);
  })();
  const gone = (async () => {
    const how = await endOf(child);
    await settlesWithin(received, DRAIN_TIME);
    if (closing.signal.aborted) return;
    const message = [`${transport === "ssh" ? "ssh" : "its agent"} ${how}`, ...lastWords].join("\n  ");
    await deliver({ type: "lost", hosts, message, transport });
  })();

  const send = (message: ToAgent): void => void writeMessage(child.stdin, message);
  const beat = transport === "ssh" ? setInterval(send, ALIVE_SECONDS * 1000, { type: "alive" }) : undefined;
  send({ type: "begin", tree, transport });

  return {
    hosts,
    send,
    async close() {
      closing.abort();
      clearInterval(beat);
      child.stdin.end();
      if (await settlesWithin(gone, CLOSE_TIME)) return;
      child.kill("SIGKILL");
      await gone;
    },
  };
}

/** Resolves with how a process ended, or why it did not start. */
function endOf(child: ChildProcess): Promise<string> {
  return new Promise((resolve) => {
    child.once("error", (error) => {
      resolve(`could not be started: ${error.message}`);
    });
    child.once("exit", (code, signal) => {
      resolve(signal ? `was killed by ${signal}` : `ended with exit code ${code!}`);
    });
  });
}

async function forEachLine(stream: Readable, take: (line: string) => void): Promise<void> {
  for await (const lines of lineGroups(stream)) lines.forEach(take);
}

function hostsOf(tree: HostTree): string[] {
  return [tree.host, ...tree.children.flatMap(hostsOf)];
}
