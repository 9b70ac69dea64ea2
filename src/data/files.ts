import { readFile } from "node:fs/promises";
import { promisify } from "node:util";
import { gunzip } from "node:zlib";
import { UsageError } from "../errors.js";

const inflate = promisify(gunzip);

/** The whole file, unpacked where it is gzip (told by its first two bytes, not its name). UsageError if unreadable. */
export async function readMaybeGzip(path: string): Promise<Uint8Array> {
  const bytes = await readFile(path).catch((error: unknown) => {
    throw new UsageError(`Expected a data file at ${path}, found ${whyUnreadable(error)}.`, { cause: error });
  });
  if (bytes[0] !== 0x1f || bytes[1] !== 0x8b) return bytes;
  return inflate(bytes).catch((error: unknown) => {
    const reason = error instanceof Error ? error.message : String(error);
    throw new UsageError(
      `Expected ${path} to be a complete gzip file, found it damaged (${reason}, ${bytes.length} bytes). Fetch it again.`,
      { cause: error },
    );
  });
}

function whyUnreadable(error: unknown): string {
  const code = (error as NodeJS.ErrnoException).code;
  if (code === "ENOENT") return "none";
  if (code === "EISDIR") return "a folder";
  if (code === "EACCES") return "one that may not be read (permission denied)";
  return `an unreadable one (${(error as Error).message})`;
}
