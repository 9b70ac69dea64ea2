import { promisify } from "node:util";
import { gunzip } from "node:zlib";
import { UsageError } from "../errors.js";
import { readUserFile } from "../paths.js";

const inflate = promisify(gunzip);

/** The whole file, unpacked where it is gzip (told by its first two bytes, not its name). UsageError if unreadable. */
export async function readMaybeGzip(path: string): Promise<Uint8Array> {
  const bytes = await readUserFile(path, "a data file");
  if (bytes[0] !== 0x1f || bytes[1] !== 0x8b) return bytes;
  return inflate(bytes).catch((error: unknown) => {
    const reason = error instanceof Error ? error.message : String(error);
    throw new UsageError(
      `Expected ${path} to be a complete gzip file, found it damaged (${reason}, ${bytes.length} bytes). Fetch it again.`,
      { cause: error },
    );
  });
}
