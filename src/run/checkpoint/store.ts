import { readdir, readFile, rm, stat } from "node:fs/promises";
import { dirname, join } from "node:path";
import { AptsError } from "../../errors.js";
import { makeFolder } from "../../paths.js";
import {
  DamagedCheckpointError,
  decodeCheckpoint,
  encodeCheckpoint,
  type ShardRecord,
  type StagedCheckpoint,
  type StoredCheckpoint,
} from "./format.js";
import { syncFile, writeWhole } from "../folder/files.js";
import type { Position } from "../ledger.js";
import type { RunState } from "../training-run.js";
import { checkShard, readShard } from "./shard.js";

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

  /** Makes the folder where it is not there. */
  async make(): Promise<void> {
    await makeFolder(this.#path, "the folder of checkpoints");
  }

  /**
   * Writes a checkpoint, of a network in stages the manifest of shards that are there, and then drops the oldest ones; where
   * writing fails, none is lost. Returns its path.
   * @throws AptsError where a shard is not there
   */
  async write(checkpoint: StoredCheckpoint, position: Position): Promise<string> {
    const file = join(this.#path, nameOf(position));
    await this.make();
    if ("shards" in checkpoint) await this.#expectShards(checkpoint.shards);
    await syncFile(this.#metrics);
    await writeWhole(file, encodeCheckpoint(checkpoint));
    await this.#prune(position);
    return file;
  }

  /** The file of the part of a stage, from 0 on. */
  shard(position: Position, stage: number, stages: number): { readonly file: string; readonly path: string } {
    const file = `${nameOf(position)}${SHARD}${stage + 1}-of-${stages}`;
    return { file, path: join(this.#path, file) };
  }

  /** The state of a stage, from 0 on, in a checkpoint that was found. */
  async stateIn({ shards }: Pick<StagedCheckpoint, "shards">, stage: number): Promise<RunState> {
    return readShard(join(this.#path, shards[stage]!.file));
  }

  /** The newest checkpoint that is whole. */
  async newest(): Promise<FoundCheckpoint> {
    const damaged: string[] = [];
    for (const position of await this.#list()) {
      const file = join(this.#path, nameOf(position));
      try {
        return { checkpoint: await readCheckpoint(file), file, damaged };
      } catch (error) {
        if (!(error instanceof DamagedCheckpointError)) throw error;
        damaged.push(error.message);
      }
    }
    return { checkpoint: undefined, file: this.#path, damaged };
  }

  /** Hosts that do not share the folder do not find each other's files. */
  async #expectShards(shards: readonly ShardRecord[]): Promise<void> {
    for (const { file, bytes } of shards) {
      const found = await stat(join(this.#path, file)).catch(() => undefined);
      if (found?.size === bytes) continue;
      throw new AptsError(
        `Expected ${file}, written by the rank of that stage, in ${this.#path} on the host of rank 0, got ${found ? `${found.size} of its ${bytes} bytes` : "no such file"}. ` +
          "Give --out a folder that all hosts share",
      );
    }
  }

  async #prune(position: Position): Promise<void> {
    // Later ones are of a run that is being repeated: they were found damaged and must not crowd out good ones.
    const upToNow = (await this.#list()).filter((other) => compare(other, position) <= 0);
    for (const old of upToNow.slice(this.keep)) await rm(join(this.#path, nameOf(old)), { force: true });
    const kept = new Set(upToNow.slice(0, this.keep).map(nameOf));
    for (const name of await this.#names()) {
      const [whole = "", ofStage] = name.split(SHARD);
      const of = ofStage === undefined ? undefined : positionOf(whole);
      const isLeft = of && compare(of, position) <= 0 && !kept.has(whole);
      if (isLeft) await rm(join(this.#path, name), { force: true });
    }
  }

  /** Newest first. */
  async #list(): Promise<Position[]> {
    const names = await this.#names();
    return names.flatMap((name) => positionOf(name) ?? []).sort((a, b) => compare(b, a));
  }

  async #names(): Promise<string[]> {
    return readdir(this.#path).catch((error: unknown) => {
      if ((error as NodeJS.ErrnoException).code === "ENOENT") return [];
      throw error;
    });
  }
}

/**
 * A checkpoint in a file, the parts of stages beside it checked.
 * @throws DamagedCheckpointError
 */
export async function readCheckpoint(file: string): Promise<StoredCheckpoint> {
  const checkpoint = decodeCheckpoint(file, await readFile(file));
  if (!("shards" in checkpoint)) return checkpoint;
  for (const shard of checkpoint.shards) await checkShard(join(dirname(file), shard.file), shard);
  return checkpoint;
}

/** Between the name of a checkpoint and which stage of how many a part of it is. */
const SHARD = ".stage-";

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
