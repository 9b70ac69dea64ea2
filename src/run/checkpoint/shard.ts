import { createHash } from "node:crypto";
import { createReadStream } from "node:fs";
import { open, type FileHandle } from "node:fs/promises";
import { pipeline } from "node:stream/promises";
import { packObject, unpackObject } from "../../comm/packing.js";
import { byteLengthOf, type WeightPart, type WeightSpec } from "../../network/weight-parts.js";
import { writeWhole } from "../folder/files.js";
import type { RunState } from "../training-run.js";
import { DamagedCheckpointError, type ShardRecord } from "./format.js";
import { bytesOf, kindOf, pullOut, putBack, vectorOf, type VectorKind } from "./pulled-out.js";

/*
 * One stage's part of a checkpoint:
 *
 *   8 bytes   "APTSSHRD"
 *   4 bytes   number of this format, little-endian
 *   4 bytes   length of the header
 *   header    msgpack: the state without its vectors, what these are, and the weights of the stage's layers
 *   vectors   one after another, as they lie in memory
 *   weights   one after another
 *
 * Nothing is held twice: vectors are written and read in place. Its SHA-256 stands in the checkpoint's manifest.
 */

const MAGIC = Buffer.from("APTSSHRD", "latin1");
const FORMAT = 1;
const HEADER_AT = MAGIC.length + 8;
/** The most that one call to the operating system reads. */
const MOST_READ = 2 ** 30;

interface Header {
  readonly state: unknown;
  readonly vectors: readonly VectorKind[];
  readonly weights: readonly WeightSpec[];
}

/** Writes a stage's state and the weights that its layers are handed back with; what the manifest is to say of the file. */
export async function writeShard(
  path: string,
  state: RunState,
  weights: readonly WeightPart[],
): Promise<Pick<ShardRecord, "sha256" | "bytes">> {
  const { rest, vectors } = pullOut(state);
  const specs = weights.map(({ name, shape, dtype }) => ({ name, shape, dtype }));
  const header = packObject({ state: rest, vectors: vectors.map(kindOf), weights: specs } satisfies Header);
  const numbers = Buffer.alloc(8);
  numbers.writeUInt32LE(FORMAT);
  numbers.writeUInt32LE(header.length, 4);
  const hash = createHash("sha256");
  let bytes = 0;
  async function* parts(): AsyncGenerator<Uint8Array> {
    yield MAGIC;
    yield numbers;
    yield header;
    for (const vector of vectors) yield bytesOf(vector);
    for (const weight of weights) yield await weight.read();
  }
  async function* counted(): AsyncGenerator<Uint8Array> {
    for await (const part of parts()) {
      hash.update(part);
      bytes += part.length;
      yield part;
    }
  }
  await writeWhole(path, counted());
  return { sha256: hash.digest("hex"), bytes };
}

/** @throws DamagedCheckpointError where the file is not the one that the manifest speaks of */
export async function checkShard(path: string, { sha256 }: ShardRecord): Promise<void> {
  const hash = createHash("sha256");
  try {
    await pipeline(createReadStream(path, { highWaterMark: 2 ** 20 }), hash);
  } catch (error) {
    throw new DamagedCheckpointError(
      `Expected a part of a checkpoint in ${path}, but: ${(error as Error).message}.`,
      { cause: error },
    );
  }
  if (hash.digest("hex") === sha256) return;
  throw new DamagedCheckpointError(
    `Expected a part of a checkpoint in ${path}, but its content does not have the checksum that its checkpoint names.`,
  );
}

/** The state in a shard that has been checked. */
export async function readShard(path: string): Promise<RunState> {
  const file = await open(path, "r");
  try {
    const { header, end } = await headerIn(path, file);
    const vectors = header.vectors.map(vectorOf);
    let at = end;
    for (const vector of vectors) at = await readInto(file, bytesOf(vector), at);
    return putBack(header.state, vectors) as RunState;
  } finally {
    await file.close();
  }
}

/** Where the weights of a shard lie in it, by name. */
export async function weightsIn(
  path: string,
): Promise<Map<string, { readonly at: number; readonly bytes: number }>> {
  const file = await open(path, "r");
  try {
    const { header, end } = await headerIn(path, file);
    let at = header.vectors.reduce((sum, kind) => sum + vectorBytes(kind), end);
    const found = new Map<string, { at: number; bytes: number }>();
    for (const spec of header.weights) {
      const bytes = byteLengthOf(spec);
      found.set(spec.name, { at, bytes });
      at += bytes;
    }
    return found;
  } finally {
    await file.close();
  }
}

function vectorBytes({ type, length }: VectorKind): number {
  return vectorOf({ type, length: 0 }).BYTES_PER_ELEMENT * length;
}

async function headerIn(path: string, file: FileHandle): Promise<{ header: Header; end: number }> {
  const start = Buffer.alloc(HEADER_AT);
  await readInto(file, start, 0);
  const format = start.readUInt32LE(MAGIC.length);
  if (!start.subarray(0, MAGIC.length).equals(MAGIC) || format !== FORMAT) {
    throw new DamagedCheckpointError(
      `Expected a part of a checkpoint of format ${FORMAT} in ${path}, got one of format ${format}.`,
    );
  }
  const bytes = Buffer.alloc(start.readUInt32LE(MAGIC.length + 4));
  const end = await readInto(file, bytes, HEADER_AT);
  return { header: unpackObject(bytes) as Header, end };
}

/** Fills `into` from `at` on; where it ends in the file. */
async function readInto(file: FileHandle, into: Uint8Array, at: number): Promise<number> {
  let done = 0;
  while (done < into.length) {
    const length = Math.min(MOST_READ, into.length - done);
    const { bytesRead } = await file.read(into, done, length, at + done);
    if (bytesRead === 0)
      throw new DamagedCheckpointError("Expected a part of a checkpoint that is whole, got less.");
    done += bytesRead;
  }
  return at + done;
}
