import { readdir, readFile, rm } from "node:fs/promises";
import { join } from "node:path";
import { makeFolder } from "../../paths.js";
import {
  DamagedCheckpointError,
  decodeCheckpoint,
  encodeCheckpoint,
  type StoredCheckpoint,
} from "./format.js";
import { syncFile, writeWhole } from "../folder/files.js";
import type { Position } from "../ledger.js";

export interface FoundCheckpoint {
  /** undefined where there is none that is whole. */
  readonly checkpoint: StoredCheckpoint | undefined;
  readonly file: string;
  /** What is wrong with each newer one, a sentence each. */
  readonly damaged: readonly string[];
}

/** The folder of a run's checkpoints: the last `keep` of them, each named by its position. */
export class CheckpointFolder {
  readonly #path: string;
  /** A run that goes on from a checkpoint expects the lines of its epochs here. */
  readonly #metrics: string;

  constructor(
    out: string,
    private readonly keep: number,
  ) {
    this.#metrics = join(out, "metrics.jsonl");
    this.#path = join(out, "checkpoints");
  }

  /** Writes a checkpoint and then drops the oldest ones; where writing fails, none is lost. Returns its path. */
  async write(checkpoint: StoredCheckpoint, position: Position): Promise<string> {
    const file = join(this.#path, nameOf(position));
    await makeFolder(this.#path, "the folder of checkpoints");
    await syncFile(this.#metrics);
    await writeWhole(file, encodeCheckpoint(checkpoint));
    // Later ones are of a run that is being repeated: they were found damaged and must not crowd out good ones.
    const upToNow = (await this.#list()).filter((other) => compare(other, position) <= 0);
    for (const old of upToNow.slice(this.keep)) await rm(join(this.#path, nameOf(old)), { force: true });
    return file;
  }

  /** The newest checkpoint that is whole. */
  async newest(): Promise<FoundCheckpoint> {
    const damaged: string[] = [];
    for (const position of await this.#list()) {
      const file = join(this.#path, nameOf(position));
      try {
        return { checkpoint: decodeCheckpoint(file, await readFile(file)), file, damaged };
      } catch (error) {
        if (!(error instanceof DamagedCheckpointError)) throw error;
        damaged.push(error.message);
      }
    }
    return { checkpoint: undefined, file: this.#path, damaged };
  }

  /** Newest first. */
  async #list(): Promise<Position[]> {
    const names = await readdir(this.#path).catch((error: unknown) => {
      if ((error as NodeJS.ErrnoException).code === "ENOENT") return [];
      throw error;
    });
    return names.flatMap((name) => positionOf(name) ?? []).sort((a, b) => compare(b, a));
  }
}

/** `epoch-12.ckpt`: after epoch 12; `epoch-12-batch-3.ckpt`: and three mini-batches more. */
function nameOf({ epochs, batches }: Position): string {
  return `epoch-${epochs}${batches === 0 ? "" : `-batch-${batches}`}.ckpt`;
}

function positionOf(name: string): Position | undefined {
  const [, epochs, batches = "0"] = /^epoch-(\d+)(?:-batch-(\d+))?\.ckpt$/.exec(name) ?? [];
  return epochs === undefined ? undefined : { epochs: Number(epochs), batches: Number(batches) };
}

function compare(a: Position, b: Position): number {
  return a.epochs - b.epochs || a.batches - b.batches;
}
