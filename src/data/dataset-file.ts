import { open, writeFile, type FileHandle } from "node:fs/promises";
import { join } from "node:path";
import { pack, unpack } from "msgpackr";
import { UsageError } from "../errors.js";
import {
  dtypeOf,
  isHeld,
  newValues,
  sizeOf,
  type Dataset,
  type Dtype,
  type Field,
  type Target,
  type Values,
} from "./dataset.js";
import { FileRows, MOST_IN_MEMORY } from "./file-rows.js";
import type { NumberType } from "./number-type.js";

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
  readonly dtype: Dtype;
  readonly shape: readonly number[];
}

export interface TargetHeader extends FieldHeader {
  readonly classes: number | undefined;
  readonly names?: readonly string[];
  readonly weights: FieldHeader | undefined;
}

const MAGIC = "APTSDATA";
const PREFIX = MAGIC.length + 4;
const CHUNK = 2 ** 30; // one read moves less than 2³¹ bytes

export async function writeDataset(path: string, dataset: Dataset): Promise<void> {
  const header = pack(headerOf(dataset));
  const prefix = Buffer.alloc(PREFIX);
  prefix.write(MAGIC, "latin1");
  prefix.writeUInt32LE(header.length, MAGIC.length);
  const values = fieldsOf(dataset).map((field) => {
    if (!isHeld(field.values)) throw new Error("Streamed samples are read where they are.");
    return bytesOf(field.values);
  });
  await writeFile(path, [prefix, header, ...values]);
}

/** Writes data where the ranks read them. */
export async function handOverData(
  { train, test }: { train: Dataset; test: Dataset | undefined },
  folder: string,
) {
  const files = { train: join(folder, "train.apts"), test: test && join(folder, "test.apts") };
  await writeDataset(files.train, train);
  if (test) await writeDataset(files.test!, test);
  return files;
}

/** What is known of samples without them. */
export function headerOf({ count, inputs, targets }: Dataset): DatasetHeader {
  return {
    count,
    inputs: inputs.map(fieldHeader),
    targets: targets.map((target) => ({
      ...fieldHeader(target),
      classes: target.classes,
      ...(target.names ? { names: target.names } : {}),
      weights: target.weights && fieldHeader(target.weights),
    })),
  };
}

function fieldHeader({ values, shape }: Field): FieldHeader {
  return { dtype: dtypeOf(values), shape };
}

/** All arrays of a dataset, in the file's order. */
function fieldsOf({ inputs, targets }: Dataset): Field[] {
  return [...inputs, ...targets.flatMap((target) => [target, ...(target.weights ? [target.weights] : [])])];
}

/**
 * Reads what writeDataset wrote; large arrays stay in the file, and are read by rows.
 * @throws UsageError where the file is of another kind or not whole
 */
export async function readDataset(path: string, mostInMemory = MOST_IN_MEMORY): Promise<Dataset> {
  return withFile(path, async (file) => {
    const { header, length } = await readHeader(file, path);
    const { count, inputs, targets } = header;
    let at = length;
    const read = async ({ dtype, shape }: FieldHeader): Promise<Field> => {
      const size = count * sizeOf(shape);
      const offset = at;
      at += size * BYTES[dtype];
      if (size * BYTES[dtype] > mostInMemory && dtype !== "int32") {
        await expectLength(file, at, path);
        return { values: new FileRows({ path, offset, type: typeOf(dtype), shape, rows: count }), shape };
      }
      const values = newValues(dtype, size);
      await readAll(file, bytesOf(values), offset, path);
      return { values, shape };
    };
    const dataset = { count, inputs: [] as Field[], targets: [] as Target[] };
    for (const field of inputs) dataset.inputs.push(await read(field));
    for (const { classes, names, weights, ...field } of targets) {
      dataset.targets.push({
        ...(await read(field)),
        ...(classes === undefined ? {} : { classes }),
        ...(names ? { names } : {}),
        ...(weights ? { weights: await read(weights) } : {}),
      });
    }
    return dataset;
  });
}

const BYTES = { uint8: 1, int32: 4, float32: 4 } as const;

function typeOf(dtype: Exclude<Dtype, "int32">): NumberType {
  return { kind: dtype === "uint8" ? "u" : "f", bytes: BYTES[dtype], bigEndian: false };
}

/** What such a file says of its samples, without them. */
export async function readDatasetHeader(path: string): Promise<DatasetHeader> {
  return withFile(path, async (file) => (await readHeader(file, path)).header);
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

/** The header, and how many bytes it takes from the file's beginning. */
async function readHeader(
  file: FileHandle,
  path: string,
): Promise<{ header: DatasetHeader; length: number }> {
  const prefix = Buffer.alloc(PREFIX);
  await readAll(file, prefix, 0, path);
  if (prefix.toString("latin1", 0, MAGIC.length) !== MAGIC) {
    throw new UsageError(`Expected ${path} to start with ${MAGIC}: it is no dataset file.`);
  }
  const packed = Buffer.alloc(prefix.readUInt32LE(MAGIC.length));
  await readAll(file, packed, PREFIX, path);
  return { header: unpack(packed) as DatasetHeader, length: PREFIX + packed.length };
}

function bytesOf(array: Values): Uint8Array {
  return new Uint8Array(array.buffer, array.byteOffset, array.byteLength);
}

async function readAll(file: FileHandle, into: Uint8Array, position: number, path: string): Promise<void> {
  for (let at = 0; at < into.length;) {
    const length = Math.min(CHUNK, into.length - at);
    const { bytesRead } = await file.read(into, at, length, position + at);
    if (bytesRead === 0) throw truncated(into.length - at, path);
    at += bytesRead;
  }
}

async function expectLength(file: FileHandle, length: number, path: string): Promise<void> {
  const { size } = await file.stat();
  if (size < length) throw truncated(length - size, path);
}

function truncated(missing: number, path: string): UsageError {
  return new UsageError(
    `Expected ${missing} more bytes in the dataset file ${path}, found its end: it is truncated.`,
  );
}
