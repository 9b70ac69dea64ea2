import { open, writeFile, type FileHandle } from "node:fs/promises";
import { pack, unpack } from "msgpackr";
import { UsageError } from "../errors.js";
import { sizeOf, type Dataset, type Field, type Target, type Values } from "./dataset.js";

/**
 * A Dataset in one file, by which a program hands data it holds in memory to the ranks it starts:
 *
 *   8 bytes  "APTSDATA"
 *   4 bytes  length of the header, little-endian
 *   header   msgpack: { count, inputs, targets }
 *   arrays   of the inputs, then of each target itself and its weights: as in memory, machines of one byte order
 */
export interface DatasetHeader {
  readonly count: number;
  readonly inputs: readonly FieldHeader[];
  readonly targets: readonly TargetHeader[];
}

export interface FieldHeader {
  readonly dtype: keyof typeof arrays;
  readonly shape: readonly number[];
}

export interface TargetHeader extends FieldHeader {
  readonly classes: number | undefined;
  readonly weights: FieldHeader | undefined;
}

const arrays = { uint8: Uint8Array, int32: Int32Array, float32: Float32Array } as const;

const MAGIC = "APTSDATA";
const PREFIX = MAGIC.length + 4;
const CHUNK = 2 ** 30; // one read moves less than 2³¹ bytes

export async function writeDataset(path: string, dataset: Dataset): Promise<void> {
  const header = pack(headerOf(dataset));
  const prefix = Buffer.alloc(PREFIX);
  prefix.write(MAGIC, "latin1");
  prefix.writeUInt32LE(header.length, MAGIC.length);
  const values = fieldsOf(dataset).map((field) => bytesOf(field.values));
  await writeFile(path, [prefix, header, ...values]);
}

/** What is known of samples without them. */
export function headerOf({ count, inputs, targets }: Dataset): DatasetHeader {
  return {
    count,
    inputs: inputs.map(fieldHeader),
    targets: targets.map((target) => ({
      ...fieldHeader(target),
      classes: target.classes,
      weights: target.weights && fieldHeader(target.weights),
    })),
  };
}

function fieldHeader({ values, shape }: Field): FieldHeader {
  const dtype = values instanceof Uint8Array ? "uint8" : values instanceof Int32Array ? "int32" : "float32";
  return { dtype, shape };
}

/** All arrays of a dataset, in the file's order. */
function fieldsOf({ inputs, targets }: Dataset): Field[] {
  return [...inputs, ...targets.flatMap((target) => [target, ...(target.weights ? [target.weights] : [])])];
}

/** Reads what writeDataset wrote. UsageError where the file is of another kind or not whole. */
export async function readDataset(path: string): Promise<Dataset> {
  return withFile(path, async (file) => {
    const { count, inputs, targets } = await readHeader(file, path);
    const read = async ({ dtype, shape }: FieldHeader): Promise<Field> => {
      const values = new arrays[dtype](count * sizeOf(shape));
      await readAll(file, bytesOf(values), path);
      return { values, shape };
    };
    const dataset = { count, inputs: [] as Field[], targets: [] as Target[] };
    for (const header of inputs) dataset.inputs.push(await read(header));
    for (const { classes, weights, ...header } of targets) {
      const field = await read(header);
      dataset.targets.push({
        ...field,
        ...(classes === undefined ? {} : { classes }),
        ...(weights ? { weights: await read(weights) } : {}),
      });
    }
    return dataset;
  });
}

/** What such a file says of its samples, without them. */
export async function readDatasetHeader(path: string): Promise<DatasetHeader> {
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

async function readHeader(file: FileHandle, path: string): Promise<DatasetHeader> {
  const prefix = Buffer.alloc(PREFIX);
  await readAll(file, prefix, path);
  if (prefix.toString("latin1", 0, MAGIC.length) !== MAGIC) {
    throw new UsageError(`Expected ${path} to start with ${MAGIC}: it is no dataset file.`);
  }
  const packed = Buffer.alloc(prefix.readUInt32LE(MAGIC.length));
  await readAll(file, packed, path);
  return unpack(packed) as DatasetHeader;
}

function bytesOf(array: Values): Uint8Array {
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
