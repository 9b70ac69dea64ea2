import { closeSync, constants, fstatSync, openSync, readFileSync, realpathSync, type Stats } from "node:fs";
import { access, mkdir, open, readlink, stat } from "node:fs/promises";
import { basename, dirname, resolve } from "node:path";
import { pathToFileURL } from "node:url";
import { UsageError } from "./errors.js";

/** What the system says of a path, in words that follow "but". */
const REASONS: Readonly<Record<string, string>> = {
  ENOENT: "there is none",
  EACCES: "permission is denied",
  EPERM: "that is not permitted",
  EEXIST: "something else is in its place",
  ENOTDIR: "a part of the path is a file, no folder",
  EISDIR: "that is a folder",
  EROFS: "the file system is read-only",
  ENOSPC: "there is no space left on the disk",
  EDQUOT: "the quota of disk space is used up",
  ENAMETOOLONG: "the name is too long for the file system",
  ELOOP: "it goes round in circles through symbolic links",
  EMFILE: "too many files are open (ulimit -n)",
  ENFILE: "too many files are open on this machine",
  EIO: "the disk reports an error",
  ESTALE: "the network file system has lost it (a stale handle)",
};

/** Why the system refuses a path, in words that follow "but"; undefined for errors that are not the system's. */
function refusalOf(error: unknown): string | undefined {
  const { code, syscall } = error as NodeJS.ErrnoException;
  if (code === undefined || syscall === undefined) return undefined;
  return REASONS[code] ?? `the system says ${code}`;
}

/**
 * The error for a path that its user named and the system refuses: "Expected a config file at x.yaml, but there is
 * none." Errors that are not the system's stay what they are.
 * @param expected what the path was to be, in words that follow "Expected"
 */
export function pathError(expected: string, error: unknown): unknown {
  const reason = refusalOf(error);
  if (reason === undefined) return error;
  const { path = "" } = error as NodeJS.ErrnoException;
  const where = expected.endsWith(path) ? "" : `: ${path}`;
  return new UsageError(`Expected ${expected}, but ${reason}${where}.`, { cause: error });
}

// A pipe or a device could keep its reader for ever: opened without waiting, then looked at.
const READ = constants.O_RDONLY | constants.O_NONBLOCK;

/**
 * All of a file that its user named.
 * @param what "a config file"
 * @throws UsageError where it is not there, may not be read, or is no regular file (a pipe, a device, a folder)
 */
export async function readUserFile(path: string, what: string): Promise<Buffer> {
  try {
    const file = await open(path, READ);
    try {
      checkRegular(await file.stat(), path, what);
      return await file.readFile();
    } finally {
      await file.close();
    }
  } catch (error) {
    throw pathError(`${what} at ${path}`, error);
  }
}

/** As `readUserFile`, in one go. */
export function readUserFileSync(path: string, what: string): Buffer {
  try {
    const file = openSync(path, READ);
    try {
      checkRegular(fstatSync(file), path, what);
      return readFileSync(file);
    } finally {
      closeSync(file);
    }
  } catch (error) {
    throw pathError(`${what} at ${path}`, error);
  }
}

/** @throws UsageError where there is no regular file at `path` */
async function expectUserFile(path: string, what: string): Promise<void> {
  const stats = await stat(path).catch((error: unknown) => {
    throw pathError(`${what} at ${path}`, error);
  });
  checkRegular(stats, path, what);
}

function checkRegular(stats: Stats, path: string, what: string): void {
  if (stats.isFile()) return;
  throw new UsageError(`Expected ${what} at ${path}, a regular file, but that is ${kindOf(stats)}.`);
}

function kindOf(stats: Stats): string {
  if (stats.isDirectory()) return "a folder";
  if (stats.isFIFO()) return "a pipe";
  if (stats.isSocket()) return "a socket";
  return "a device";
}

/**
 * Makes a folder that its user named, and those above it, where they are not there. (Node's recursive mkdir never ends
 * where the system says ENOENT for a folder in one that exists, as /proc and automounters do.)
 * @param what "the run folder"
 * @throws UsageError where that cannot be
 */
export async function makeFolder(path: string, what: string): Promise<void> {
  try {
    await makeFolders(path);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "ENOENT") throw pathError(`to make ${what} ${path}`, error);
    const parent = dirname(resolve(path));
    throw new UsageError(`Expected to make ${what} ${path}, but nothing can be made in ${parent}.`, {
      cause: error,
    });
  }
}

async function makeFolders(path: string): Promise<void> {
  try {
    await mkdir(path);
  } catch (error) {
    if (await isFolder(path)) return;
    if ((error as NodeJS.ErrnoException).code !== "ENOENT" || dirname(path) === path) throw error;
    await makeFolders(dirname(path));
    await mkdir(path).catch(async (again: unknown) => {
      if (!(await isFolder(path))) throw again; // another process may have made it
    });
  }
}

export async function isFolder(path: string): Promise<boolean> {
  return stat(path).then(
    (stats) => stats.isDirectory(),
    () => false,
  );
}

/**
 * Looks whether a folder can probably be made at `path`, or is there and may be written to; makes nothing.
 * @param what "the run folder"
 * @throws UsageError
 */
export async function expectPlaceFor(path: string, what: string, named = path): Promise<void> {
  const here = resolve(path);
  const expected = `a place for ${what} ${named}`;
  try {
    if (!(await stat(here)).isDirectory()) {
      throw new UsageError(`Expected ${expected}, but ${here} is no folder.`);
    }
    await access(here, constants.W_OK | constants.X_OK);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "ENOENT") throw pathError(expected, error);
    const target = await readlink(here).catch(() => undefined);
    if (target !== undefined) {
      throw new UsageError(
        `Expected ${expected}, but ${here} is a link to ${target}, and there is no such folder. Make it, or remove the link.`,
        { cause: error },
      );
    }
    await expectPlaceFor(dirname(here), what, named); // the root is always there
  }
}

/**
 * What a user's module exports.
 * @throws UsageError where there is none, or it cannot be loaded
 */
export async function importUserModule(path: string): Promise<Readonly<Record<string, unknown>>> {
  await expectUserFile(path, "a module");
  const program = process.argv[1];
  if (program !== undefined && isSameFile(path, program)) {
    // Its import would wait for the program to end, which waits for this.
    throw new UsageError(
      `Expected a module of its own in ${path}, got the program that runs, which ranks would run again. Put what is to be imported in another file.`,
    );
  }
  try {
    return (await import(pathToFileURL(resolve(path)).href)) as Record<string, unknown>;
  } catch (error) {
    const { message, stack = "" } = error as Error;
    const line = stack.split("\n").find((text) => text.includes(basename(path)));
    const where = /:(\d+)/.exec(line?.slice(line.indexOf(basename(path))) ?? "")?.[1];
    const advice = message.includes("'apts'")
      ? " Install apts in the module's project, too: npm install apts."
      : "";
    throw new UsageError(
      `Expected a module in ${path}, but it cannot be loaded${where === undefined ? "" : `, line ${where}`}: ${message}.${advice}`,
      {
        cause: error,
      },
    );
  }
}

function isSameFile(a: string, b: string): boolean {
  try {
    return realpathSync(a) === realpathSync(b);
  } catch {
    return false; // one of them is none
  }
}
