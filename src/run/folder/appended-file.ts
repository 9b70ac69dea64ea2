import { appendFile, readFile, rm, truncate } from "node:fs/promises";

/**
 * A file that grows by what is appended to it, so that an entry costs the same however many went before. A writer that is
 * killed may leave part of an entry: who goes on cuts it off first.
 */
export class AppendedFile {
  /** What a full disk has not taken yet. */
  #pending: Buffer = Buffer.alloc(0);

  /** @param bytes that are there already, all of them whole entries */
  constructor(
    private readonly path: string,
    private bytes = 0,
  ) {}

  /** Where it fails, the entry is written with the next one. */
  async append(entry: string | Uint8Array): Promise<void> {
    this.#pending = Buffer.concat([this.#pending, Buffer.from(entry)]);
    try {
      await appendFile(this.path, this.#pending);
    } catch (error) {
      await truncate(this.path, this.bytes).catch(() => undefined); // part of it may have found room
      throw error;
    }
    this.bytes += this.#pending.length;
    this.#pending = Buffer.alloc(0);
  }
}

/**
 * Cuts a file, where it is there, to as many bytes as `kept` says of its content; where that is none, no file is left.
 * @returns the bytes that are left
 */
export async function cutFile(path: string, kept: (content: Buffer) => number): Promise<number> {
  const content = await readFile(path).catch((error: unknown) => {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return Buffer.alloc(0);
    throw error;
  });
  const bytes = kept(content);
  if (bytes === 0) await rm(path, { force: true });
  else if (bytes < content.length) await truncate(path, bytes);
  return bytes;
}

/** The whole lines that a content begins with, as far as `isKept` says: how many, and their bytes. */
export function linesKept(
  content: Buffer,
  isKept: (line: string) => boolean,
): { readonly lines: number; readonly bytes: number } {
  let bytes = 0;
  let lines = 0;
  for (;;) {
    const end = content.indexOf("\n", bytes);
    if (end === -1 || !isKept(content.toString("utf8", bytes, end))) return { lines, bytes };
    bytes = end + 1;
    lines++;
  }
}
