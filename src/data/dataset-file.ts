import { open, writeFile, type FileHandle } from "node:fs/promises";
import { pack, unpack } from "msgpackr";
import { UsageError } from "../errors.js";
import type { Dataset } from "./dataset.js";

/**
 * A Dataset in one file, by which a program hands data it holds in memory to the ranks it starts:
 *
 *   8 bytes  "APTSDATA"
 *   4 bytes  length of the header, little-endian
 *   header   msgpack: { count, dtype, sampleShape, classes }
 *   labels   count × int32        as in memory: machines of one byte order
 *   features count × sample, uint8 or float32
 */
interface Header {
  readonly count: number;
  readonly dtype: "uint8" | "float32";
  readonly sampleShape: readonly number[];
  readonly classes: number;
}

const MAGIC = "APTSDATA";
const PREFIX = MAGIC.length + 4;
const CHUNK = 2 ** 30; // one read moves less than 2³¹ bytes

export async function writeDataset(path: string, dataset: Dataset): Promise<void> {
  const header = pack({
    count: dataset.labels.length,
    dtype: dataset.features instanceof Uint8Array ? "uint8" : "float32",
    sampleShape: dataset.sampleShape,
    classes: dataset.classes,
  } satisfies Header);
  const prefix = Buffer.alloc(PREFIX);
  prefix.write(MAGIC, "latin1");
  prefix.writeUInt32LE(header.length, MAGIC.length);
  await writeFile(path, [prefix, header, dataset.labels, dataset.features]);
}

/** Reads what writeDataset wrote. UsageError where the file is of another kind or not whole. */
export async function readDataset(path: string): Promise<Dataset> {
  return withFile(path, async (file) => {
    const { count, dtype, sampleShape, classes } = await readHeader(file, path);
    const size = count * sampleShape.reduce((product, side) => product * side, 1);
    const labels = new Int32Array(count);
    const features = dtype === "uint8" ? new Uint8Array(size) : new Float32Array(size);
    await readAll(file, bytesOf(labels), path);
    await readAll(file, bytesOf(features), path);
    return { features, labels, sampleShape, classes };
  });
}

/** What such a file says of its samples, without them. */
export async function readDatasetHeader(path: string): Promise<Omit<Header, "dtype">> {
  return withFile(path, (file) => readHeader(file, path));
}

async function withFile<T>(path: string, read: (file: FileHandle) => Promise<T>): Promise<T> {
  const file = await open(path, "r").catch((error: unknown) => {
    throw new UsageError(`Expected a dataset file at ${path}: ${(error as Error).message}.`, {
      cause: error,
    });
  });
  try {
    return await read(file);
  } finally {
    await file.close();
  }
}

async function readHeader(file: FileHandle, path: string): Promise<Header> {
  const prefix = Buffer.alloc(PREFIX);
  await readAll(file, prefix, path);
  if (prefix.toString("latin1", 0, MAGIC.length) !== MAGIC) {
    throw new UsageError(`Expected ${path} to start with ${MAGIC}: it is no dataset file.`);
  }
  const packed = Buffer.alloc(prefix.readUInt32LE(MAGIC.length));
  await readAll(file, packed, path);
  return unpack(packed) as Header;
}

function bytesOf(array: Uint8Array | Int32Array | Float32Array): Uint8Array {
  return new Uint8Array(array.buffer, array.byteOffset, array.byteLength);
}

async function readAll(file: FileHandle, into: Uint8Array, path: string): Promise<void> {
  for (let at = 0; at < into.length;) {
    const { bytesRead } = await file.read(into, at, Math.min(CHUNK, into.length - at));
    if (bytesRead === 0) {
      throw new UsageError(
        `Expected ${into.length - at} more bytes in the dataset file ${path}, found its end: it is truncated.`,
      );
    }
    at += bytesRead;
  }
}
