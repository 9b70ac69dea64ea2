import { open } from "node:fs/promises";
import { UsageError } from "../../errors.js";
import { pathError, readUserFile } from "../../paths.js";
import { sizeOf, type ArrayField } from "../dataset.js";
import { indexIn, notFinite, type RowsInFile } from "../file-rows.js";
import { decode, type NumberType } from "../number-type.js";

/** What the beginning of a .npy file says (https://numpy.org/doc/stable/reference/generated/numpy.lib.format.html). */
export interface NpyHeader {
  /** Undefined for texts. */
  readonly type: NumberType | undefined;
  /** Of a text, in code points; 0 for numbers. */
  readonly characters: number;
  readonly bigEndian: boolean;
  readonly shape: readonly number[];
  /** Whether columns come first. */
  readonly fortran: boolean;
  /** Bytes before the values. */
  readonly offset: number;
}

/** Headers are shorter: one says how long it is in its first 12 bytes. */
const NPY_HEADER = 2 ** 16;

/** @throws UsageError where the bytes do not begin a .npy file of numbers or texts */
export function readNpyHeader(bytes: Buffer, name: string): NpyHeader {
  if (bytes.length < 12 || bytes.toString("latin1", 0, 6) !== "\x93NUMPY") {
    throw new UsageError(`Expected ${name} to begin as a .npy file does, found other bytes.`);
  }
  const major = bytes[6]!;
  const start = major === 1 ? 10 : 12;
  const length = major === 1 ? bytes.readUInt16LE(8) : bytes.readUInt32LE(8);
  const text = bytes.toString(major >= 3 ? "utf8" : "latin1", start, start + length);
  const descr = /'descr':\s*'([^']*)'/.exec(text)?.[1];
  const fortran = /'fortran_order':\s*(True|False)/.exec(text)?.[1];
  const sides = /'shape':\s*\(([^)]*)\)/.exec(text)?.[1];
  if (fortran === undefined || sides === undefined) {
    throw new UsageError(`Expected a header of a .npy file in ${name}, got "${text.trim().slice(0, 100)}".`);
  }
  const shape = sides.split(",").flatMap((side) => (side.trim() === "" ? [] : [Number(side)]));
  const [, order, kind, width] = /^([<>|=])([fiubU])(\d+)$/.exec(descr ?? "") ?? [];
  const bytesEach = Number(width);
  const isKnown = kind === "U" || [1, 2, 4, 8].includes(bytesEach);
  if (order === undefined || !isKnown || (kind === "f" && bytesEach === 1)) {
    const what = descr === undefined ? "a structured array" : `the type "${descr}"`;
    const why = descr === "|O" ? ", Python objects that only Python can read" : "";
    throw new UsageError(
      `Expected numbers in ${name}, got ${what}${why}. Save it as numbers: np.save(path, x.astype("float32")).`,
    );
  }
  const bigEndian = order === ">";
  return {
    type:
      kind === "U"
        ? undefined
        : { kind: kind as NumberType["kind"], bytes: bytesEach as NumberType["bytes"], bigEndian },
    characters: kind === "U" ? bytesEach : 0,
    bigEndian,
    shape,
    fortran: fortran === "True" && shape.length > 1,
    offset: start + length,
  };
}

/**
 * An array of a `.npy` file: in memory, or where its rows lie.
 * @param mostInMemory bytes of an array that is read whole
 * @throws UsageError
 */
export async function readNpy(path: string, mostInMemory: number): Promise<FileArray> {
  const { header, size } = await headerOf(path);
  const { type, shape, fortran, offset } = header;
  const bytes = sizeOf(shape) * (type?.bytes ?? 1);
  if (!type || shape.length < 2 || bytes <= mostInMemory) {
    return parseNpy(await readUserFile(path, "a .npy file"), path);
  }
  if (fortran) {
    throw new UsageError(
      `Expected rows in ${path}, which is too large to be read whole, got columns (Fortran order). ` +
        "Save it by rows: np.save(path, np.ascontiguousarray(x)).",
    );
  }
  expectBytes(size - offset, bytes, shape, path);
  const values = { path, offset, type, shape: shape.slice(1), rows: shape[0]! };
  return { name: path, shape, isInteger: type.kind !== "f", values };
}

async function headerOf(path: string): Promise<{ header: NpyHeader; size: number }> {
  try {
    const file = await open(path);
    try {
      const { buffer, bytesRead } = await file.read(Buffer.alloc(NPY_HEADER), 0, NPY_HEADER, 0);
      return { header: readNpyHeader(buffer.subarray(0, bytesRead), path), size: (await file.stat()).size };
    } finally {
      await file.close();
    }
  } catch (error) {
    throw pathError(`a .npy file at ${path}`, error);
  }
}

/** An array of a file. */
export interface FileArray {
  /** What messages call it: a path, or "x_train of mnist.npz". */
  readonly name: string;
  /** (count, ...) */
  readonly shape: readonly number[];
  readonly isInteger: boolean;
  readonly values: ReturnType<typeof decode> | readonly string[] | RowsInFile;
}

/** All of a .npy file in memory. */
export function parseNpy(bytes: Buffer, name: string): FileArray {
  const header = readNpyHeader(bytes, name);
  const { type, characters, shape, fortran, offset } = header;
  const width = type?.bytes ?? 4 * characters;
  const count = shape.reduce((product, side) => product * side, 1);
  expectBytes(bytes.length - offset, count * width, shape, name);
  // Typed arrays begin at multiples of their width.
  const aligned = Buffer.from(new ArrayBuffer(count * width));
  bytes.copy(aligned, 0, offset, offset + count * width);
  if (!type) {
    if (shape.length !== 1) {
      throw new UsageError(
        `Expected texts in ${name} to be a class each, got the shape [${shape.join(", ")}].`,
      );
    }
    return { name, shape, isInteger: false, values: textsOf(aligned, count, characters, header.bigEndian) };
  }
  const values = decode(aligned, type);
  return { name, shape, isInteger: type.kind !== "f", values: fortran ? rowMajor(values, shape) : values };
}

/** @throws UsageError where a file holds other than the bytes that its header says */
export function expectBytes(found: number, expected: number, shape: readonly number[], name: string): void {
  if (found >= expected) return;
  throw new UsageError(
    `Expected ${name} to hold ${shape.join(" × ")} values, ${expected} bytes after its header, found ${found}: it is truncated.`,
  );
}

/** The samples of an array of numbers. @throws UsageError */
export function featuresOf({ name, shape, values }: FileArray): ArrayField {
  if (!ArrayBuffer.isView(values)) {
    throw new UsageError(`Expected numbers as features in ${name}, got texts.`);
  }
  if (values instanceof Uint8Array) return { values, shape: shape.slice(1) };
  const floats = values instanceof Float32Array ? values : Float32Array.from(values);
  const wrong = floats.findIndex((value) => !Number.isFinite(value));
  if (wrong >= 0) throw notFinite(name, values[wrong]!, indexIn(shape, wrong));
  return { values: floats, shape: shape.slice(1) };
}

/** Columns first to rows first. */
function rowMajor<T extends ReturnType<typeof decode>>(values: T, shape: readonly number[]): T {
  const out = values.slice() as T;
  const strides: number[] = [];
  shape.reduce((stride, side) => {
    strides.push(stride);
    return stride * side;
  }, 1);
  const index = shape.map(() => 0);
  for (let i = 0, from = 0; i < out.length; i++) {
    out[i] = values[from]!;
    for (let axis = shape.length - 1; axis >= 0; axis--) {
      from += strides[axis]!;
      if (++index[axis]! < shape[axis]!) break;
      from -= strides[axis]! * shape[axis]!;
      index[axis] = 0;
    }
  }
  return out;
}

function textsOf(bytes: Buffer, count: number, characters: number, bigEndian: boolean): string[] {
  if (bigEndian) bytes.swap32();
  const codes = new Uint32Array(bytes.buffer as ArrayBuffer, bytes.byteOffset, count * characters);
  return Array.from({ length: count }, (_, i) => {
    const text = codes.subarray(i * characters, (i + 1) * characters);
    return String.fromCodePoint(...text).replace(/\0+$/, "");
  });
}
