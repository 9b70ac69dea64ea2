import { openSync, readSync } from "node:fs";
import { UsageError } from "../errors.js";
import { pathError } from "../paths.js";
import { sizeOf, type Dtype, type RowSource, type Values } from "./dataset.js";
import { decode, type NumberType } from "./number-type.js";

/** Fields of more bytes stay in their file: every rank of a host would have a copy, where all can share the page cache. */
export const MOST_IN_MEMORY = 2 ** 28;

/** Where the rows of an array lie in a file. */
export interface RowsInFile {
  readonly path: string;
  /** Bytes before the first row. */
  readonly offset: number;
  readonly type: NumberType;
  /** Of one row. */
  readonly shape: readonly number[];
  readonly rows: number;
}

/** Bytes that are read in one: less than 2³¹, and no more than a cache holds where they are converted. */
const LARGEST_READ = 2 ** 30;
const PIECE = 2 ** 20;

/** Rows that are read from a file when they are asked for: bytes stay bytes, all else becomes float32. */
export class FileRows implements RowSource {
  readonly dtype: Dtype;
  readonly rows: number;

  constructor(
    private readonly file: RowsInFile,
    /** Of `rows`, within the file. */
    private readonly first = 0,
    rows = file.rows,
    private readonly handle = new Handle(file.path),
  ) {
    this.dtype = storedAs(file.type);
    this.rows = rows;
  }

  slice(from: number, to: number): FileRows {
    return new FileRows(this.file, this.first + from, to - from, this.handle);
  }

  read(from: number, to: number, out: Values): void {
    const { offset, type, shape } = this.file;
    const size = sizeOf(shape);
    const length = (to - from) * size;
    const position = offset + (this.first + from) * size * type.bytes;
    if (isAs(type, out)) {
      this.handle.read(Buffer.from(out.buffer, out.byteOffset, length * type.bytes), position);
    } else {
      for (let at = 0; at < length;) {
        const count = Math.min(length - at, PIECE / type.bytes);
        const bytes = scratch.subarray(0, count * type.bytes);
        this.handle.read(bytes, position + at * type.bytes);
        out.set(decode(bytes, type), at);
        at += count;
      }
    }
    if (type.kind === "f") this.#expectFinite(from, out, length);
  }

  #expectFinite(from: number, out: Values, length: number): void {
    for (let i = 0; i < length; i++) {
      if (Number.isFinite(out[i])) continue;
      const { path, shape } = this.file;
      const size = sizeOf(shape);
      throw notFinite(path, out[i]!, [this.first + from + Math.floor(i / size), ...indexIn(shape, i % size)]);
    }
  }
}

const scratch = Buffer.from(new ArrayBuffer(PIECE));

/** As such numbers are kept. */
export function storedAs({ kind, bytes }: NumberType): "uint8" | "float32" {
  return kind === "b" || (kind === "u" && bytes === 1) ? "uint8" : "float32";
}

export function notFinite(path: string, value: number, index: readonly number[]): UsageError {
  return new UsageError(
    `Expected finite numbers in ${path}, got ${value} at [${index.join(", ")}] (counted from 0), or one too large for float32.`,
  );
}

/** The index along each side of number `i` of an array. */
export function indexIn(shape: readonly number[], i: number): number[] {
  const index: number[] = [];
  for (const side of shape.toReversed()) {
    index.unshift(i % side);
    i = Math.floor(i / side);
  }
  return index;
}

/** Whether a file's bytes are what `out` holds: this project runs on little-endian machines. */
function isAs({ kind, bytes, bigEndian }: NumberType, out: Values): boolean {
  if (out instanceof Float32Array) return kind === "f" && bytes === 4 && !bigEndian;
  return out instanceof Uint8Array && bytes === 1 && kind !== "i";
}

/** A file that is opened at its first read and then stays open, since rows are wanted as long as the process lives. */
class Handle {
  #descriptor: number | undefined;

  constructor(private readonly path: string) {}

  read(into: Buffer, position: number): void {
    try {
      this.#descriptor ??= openSync(this.path, "r");
      for (let at = 0; at < into.length;) {
        const length = Math.min(LARGEST_READ, into.length - at);
        const read = readSync(this.#descriptor, into, at, length, position + at);
        if (read === 0) throw new UsageError(`Expected ${this.path} to stay as it was, but it is shorter.`);
        at += read;
      }
    } catch (error) {
      throw pathError(`to read ${this.path}`, error);
    }
  }
}
