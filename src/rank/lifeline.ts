import { Socket } from "node:net";
import { createInterface } from "node:readline";
import { decodeRecord } from "./records.js";

/** Names the descriptor of a pipe whose other end a rank's parent holds: it ends with the parent, and carries its words. */
export const LIFELINE_VARIABLE = "APTS_LIFELINE";

/** What a rank may still do after its parent is gone, in milliseconds. */
const GRACE = 5000;

/** What the program that started this rank says to it, one after another. */
export interface Words {
  /** The next word; never settles where none comes. */
  next(): Promise<unknown>;
}

/**
 * Ends this process when its parent dies, however that happens: SIGTERM, as if it had been asked to stop, and after
 * 5 s SIGKILL. Does nothing in a process that no launcher started; never keeps a process alive.
 */
export function watchParent(): Words {
  const descriptor = process.env[LIFELINE_VARIABLE];
  if (descriptor === undefined) return { next: () => new Promise(() => undefined) };
  const lifeline = new Socket({ fd: Number(descriptor), readable: true, writable: false });
  const end = (): void => {
    process.kill(process.pid, "SIGTERM");
    setTimeout(() => process.kill(process.pid, "SIGKILL"), GRACE).unref();
  };
  const words = queue();
  createInterface({ input: lifeline }).on("line", (line) => {
    words.put(decodeRecord(line));
  });
  lifeline.once("close", end).on("error", () => undefined);
  lifeline.unref();
  return words;
}

function queue(): Words & { put(word: unknown): void } {
  const waiting: ((word: unknown) => void)[] = [];
  const unread: unknown[] = [];
  return {
    put(word) {
      const take = waiting.shift();
      if (take) take(word);
      else unread.push(word);
    },
    next: () =>
      unread.length > 0 ? Promise.resolve(unread.shift()) : new Promise((resolve) => waiting.push(resolve)),
  };
}
