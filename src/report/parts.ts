import { readFile } from "node:fs/promises";
import { join } from "node:path";

/** What calls of one kind came to on one rank; times in seconds. */
export interface CallParts {
  readonly calls: number;
  /** Payload sent by it, and how many messages that was. */
  readonly bytes: number;
  readonly messages: number;
  readonly waiting: number;
  readonly moving: number;
}

/** Where the time of a rank's steps went, in seconds: computing, waiting, moving and deciding add up to `seconds`. */
export interface RankParts {
  readonly rank: number;
  readonly host: string;
  readonly seconds: number;
  /** What remains of the time. */
  readonly computing: number;
  /** Until the first byte of a message has come, or until the receiver of one asks for it. */
  readonly waiting: number;
  /** From then on, until it was taken. */
  readonly moving: number;
  /** Until rank 0's decision was there: taken on rank 0, waited for on the others, with its broadcast. */
  readonly deciding: number;
  /** By the name of the collective; `pointToPoint` for messages between two ranks. Those of decisions are among them. */
  readonly calls: Readonly<Record<string, CallParts>>;
}

/** `parts.json`: the steps of a run since it began or went on, but for half of the first epoch, in which code is compiled. */
export interface RunParts {
  readonly steps: number;
  /** Steps before them, which are not counted. */
  readonly skipped: number;
  readonly ranks: readonly RankParts[];
}

export const PARTS_FILE = "parts.json";

/** What a run's folder tells of its steps' parts; undefined where it has not come so far. */
export async function readParts(folder: string): Promise<RunParts | undefined> {
  const text = await readFile(join(folder, PARTS_FILE), "utf8").catch((error: unknown) => {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return undefined;
    throw error;
  });
  return text === undefined ? undefined : (JSON.parse(text) as RunParts);
}
