import type { Readable, Writable } from "node:stream";
import { decodeRecord, encodeRecord } from "../../src/rank/records.js";
import { lineGroups } from "../lines.js";
import type { Inventory } from "../host.js";

/*
 * What the launcher and its host agents say to each other: records, one a line, on the agent's standard input and
 * output. A login shell may print other lines.
 */

/** A host and the hosts whose agents it starts in turn. */
export interface HostTree {
  readonly host: string;
  readonly children: readonly HostTree[];
}

/** One rank to start. `environment` is added to the agent's own. */
export interface RankStart {
  readonly rank: number;
  readonly host: string;
  readonly command: string;
  readonly args: readonly string[];
  readonly cwd: string;
  readonly environment: Readonly<Record<string, string>>;
  readonly cpus?: readonly number[];
}

/** How an agent is reached. */
export type Transport = "local" | "ssh";

/** How often something is said to an agent over ssh, and after how long a silence it takes the launcher for lost. */
export const ALIVE_SECONDS = 1;
export const SILENCE_SECONDS = 5;

/** To an agent, which passes on what concerns the hosts below it. The first message is `begin`. */
export type ToAgent =
  | { readonly type: "begin"; readonly tree: HostTree; readonly transport: Transport }
  | { readonly type: "start"; readonly ranks: readonly RankStart[] }
  /** Hands `word` to one rank (src/rank/lifeline.ts). */
  | { readonly type: "word"; readonly rank: number; readonly word: unknown }
  /** Sends a signal to all ranks. */
  | { readonly type: "signal"; readonly signal: NodeJS.Signals }
  /** Ends all ranks: SIGTERM, after `graceSeconds` SIGKILL; those that are `silent` at once. */
  | { readonly type: "stop"; readonly graceSeconds: number; readonly silent: readonly number[] }
  /** Sent over ssh every ALIVE_SECONDS. */
  | { readonly type: "alive" };

/** From an agent, its own host's and those below it. */
export type FromAgent =
  | { readonly type: "hello"; readonly host: string; readonly inventory: Inventory }
  | {
      readonly type: "lost";
      readonly hosts: readonly string[];
      readonly message: string;
      readonly transport: Transport;
    }
  | { readonly type: "started"; readonly rank: number; readonly pid: number }
  | { readonly type: "notStarted"; readonly rank: number; readonly message: string }
  | {
      readonly type: "output";
      readonly rank: number;
      readonly stream: OutputStream;
      readonly lines: readonly string[];
    }
  | {
      readonly type: "ended";
      readonly rank: number;
      readonly code: number | null;
      readonly signal: NodeJS.Signals | null;
      /** Whether it was told to: the agent had sent that signal or, where it ended with a code, any that ends. */
      readonly asked: boolean;
      /** Why, where its host knows. */
      readonly reason?: string | undefined;
    };

export type OutputStream = "stdout" | "stderr";

/** Writes a message; resolves when the stream takes more, so that a slow reader slows the writer down. */
export async function writeMessage(stream: Writable, message: ToAgent | FromAgent): Promise<void> {
  if (!stream.writable) return; // the other end is gone, and whoever reads from it sees that
  await new Promise<void>((resolve) => {
    stream.write(encodeRecord(message), () => {
      resolve();
    });
  });
}

/** The messages of a stream until it ends. */
export async function* readMessages<M extends ToAgent | FromAgent>(stream: Readable): AsyncGenerator<M> {
  for await (const group of lineGroups(stream)) {
    for (const line of group) {
      const message = decodeRecord(line) as M | undefined;
      if (message) yield message;
    }
  }
}
