import type { ErrorReport } from "../errors.js";

/** What the system means by an error that a user can do something about, and what that is. */
const MEANINGS: Readonly<Record<string, string>> = {
  ENOSPC:
    "The disk is full, in bytes (df -h) or in files (df -i): make room, or write elsewhere (--out, TMPDIR).",
  EDQUOT:
    "This user's share of the disk is used up (quota -s): make room, or write elsewhere (--out, TMPDIR).",
  EFBIG: "A file grew beyond the limit for one file (ulimit -f): raise the limit where the job is started.",
  EMFILE:
    "This process may not open more files and sockets (ulimit -n): raise the limit where the job is started; a rank needs a few for each rank it talks to.",
  ENFILE: "This host has no more open files to give (fs.file-max): ask its administrator.",
  ENOMEM:
    "There is no memory left for this process: fewer ranks on the host (--ranks-per-host) or more memory.",
  EAGAIN:
    "The limit on processes and threads is reached (ulimit -u, pids.max of the control group): fewer ranks on the host, or a higher limit.",
  EIO: "The device, or the network below a shared file system, fails: see the system's log (dmesg).",
  ESTALE: "The server of a shared file system has lost the file or was restarted: mount it again.",
  EROFS: "The file system may only be read: write elsewhere (--out, TMPDIR).",
};

/** What an error of this code means, and what to do; undefined where there is nothing general to say. */
export function meaningOf(code: string | undefined): string | undefined {
  return code !== undefined && Object.hasOwn(MEANINGS, code) ? MEANINGS[code] : undefined;
}

/** What a user is told of an error: bad usage needs no stack, nor does what the system refuses; others are shown in full. */
export function explainError({ name, message, stack, exitCode, code }: ErrorReport): string {
  if (exitCode === 2) return message;
  const meaning = meaningOf(code);
  return meaning ? `${message.replace(/[.!]?$/, ".")} ${meaning}` : (stack ?? `${name}: ${message}`);
}

/** The first such code that lines of a program name, as Node and C programs write it. */
export function systemErrorNamedIn(lines: readonly string[]): string | undefined {
  const text = lines.join("\n");
  return Object.keys(MEANINGS).find(
    (code) => new RegExp(String.raw`\b${code}\b`).test(text) || text.includes(WORDS[code] ?? code),
  );
}

/** The words of strerror(3), which programs print that know nothing of codes. */
const WORDS: Readonly<Record<string, string>> = {
  ENOSPC: "No space left on device",
  EDQUOT: "Disk quota exceeded",
  EFBIG: "File too large",
  EMFILE: "Too many open files",
  ENFILE: "Too many open files in system",
  ENOMEM: "Cannot allocate memory",
  EAGAIN: "Resource temporarily unavailable",
  EIO: "Input/output error",
  ESTALE: "Stale file handle",
  EROFS: "Read-only file system",
};
