import { createReadStream } from "node:fs";
import { dirname, join } from "node:path";
import type { WritableModel } from "../folder/files.js";
import type { StagedCheckpoint, StoredCheckpoint } from "./format.js";
import { weightsIn } from "./shard.js";

/** The model of a checkpoint in `file`; of one in parts, the weights are read bit by bit as they are written. */
export function modelIn(checkpoint: StoredCheckpoint, file: string): WritableModel {
  if (!("shards" in checkpoint)) return checkpoint.model;
  return {
    "model.json": checkpoint.model["model.json"],
    "weights.bin": weightsOf(checkpoint, dirname(file)),
  };
}

async function* weightsOf(
  { shards, model: { weights, own } }: StagedCheckpoint,
  folder: string,
): AsyncGenerator<Uint8Array> {
  const paths = shards.map((shard) => join(folder, shard.file));
  const places = await Promise.all(paths.map(weightsIn));
  for (const name of weights) {
    const stage = places.findIndex((of) => of.has(name));
    if (stage < 0) {
      yield own[name]!;
      continue;
    }
    const { at, bytes } = places[stage]!.get(name)!;
    if (bytes > 0)
      yield* createReadStream(paths[stage]!, { start: at, end: at + bytes - 1 }) as AsyncIterable<Uint8Array>;
  }
}
