import { createHash } from "node:crypto";
import { lstat, mkdir, rm } from "node:fs/promises";
import { connect } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { UsageError } from "../../../errors.js";

/** A socket's path has 107 bytes at most; a long TMPDIR leaves no room for a name. */
const LONGEST_FOLDER = 60;

/**
 * The path of a local socket for `job`, in a folder that only this user may enter: whoever can call there, or listen,
 * is this user, so that nothing need be secret between those who meet.
 */
export async function privateSocket(job: string): Promise<string> {
  const base = tmpdir().length > LONGEST_FOLDER ? "/tmp" : tmpdir();
  const user = process.getuid!();
  const folder = join(base, `apts-${user}`);
  await mkdir(folder, { mode: 0o700 }).catch((error: unknown) => {
    if ((error as NodeJS.ErrnoException).code !== "EEXIST") throw cannot(folder, (error as Error).message);
  });
  const found = await lstat(folder);
  if (!found.isDirectory() || found.uid !== user || (found.mode & 0o077) !== 0) {
    throw cannot(folder, "somebody else may enter it, or owns it");
  }
  return join(folder, createHash("sha256").update(job).digest("hex").slice(0, 16));
}

/** Removes a socket on which nobody listens any more, as a rank leaves it that was killed. */
export async function removeStale(path: string): Promise<void> {
  const listens = await new Promise<boolean>((resolve) => {
    const socket = connect(path, () => {
      socket.destroy();
      resolve(true);
    }).on("error", () => {
      resolve(false);
    });
  });
  if (!listens) await rm(path, { force: true });
}

function cannot(folder: string, reason: string): UsageError {
  return new UsageError(
    `Expected a folder at ${folder} that only this user may enter, for the ranks of this host to meet in, but: ${reason}. ` +
      "Remove it, or set TMPDIR to a folder of your own.",
  );
}
