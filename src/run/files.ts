import { mkdir, open, readdir, rename, rm } from "node:fs/promises";
import { dirname, join } from "node:path";
import { UsageError } from "../errors.js";

/** Writes a file whole or not at all: a temporary name beside it, synced, renamed, and the folder synced. */
export async function writeWhole(
  path: string,
  data: string | Uint8Array | readonly Uint8Array[],
): Promise<void> {
  const temporary = `${path}.${process.pid}.tmp`;
  try {
    const file = await open(temporary, "w");
    try {
      const parts = typeof data === "string" || data instanceof Uint8Array ? [data] : data;
      for (const part of parts) await file.writeFile(part);
      await file.sync();
    } finally {
      await file.close();
    }
    await rename(temporary, path);
  } catch (error) {
    await rm(temporary, { force: true }); // a full disk needs the room
    throw error;
  }
  const folder = await open(dirname(path), "r");
  try {
    await folder.sync();
  } finally {
    await folder.close();
  }
}

/** Removes what writers that were killed have left in a run folder. */
export async function removeTemporaries(path: string): Promise<void> {
  for (const name of await readdir(path, { recursive: true })) {
    if (/\.\d+\.tmp$/.test(name)) await rm(join(path, name), { force: true });
  }
}

/** Makes a run folder with its subfolders, where they are not there. */
export async function makeRunFolder(path: string): Promise<void> {
  for (const name of ["model", "logs", "checkpoints"]) await mkdir(join(path, name), { recursive: true });
}

/** What is in a folder that a run is to have: nothing, a run, or something else. */
export async function contentOf(path: string): Promise<"nothing" | "a run" | "other files"> {
  let entries: string[];
  try {
    entries = await readdir(path);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return "nothing";
    throw new UsageError(`Expected --out to be a folder to make, but ${path}: ${(error as Error).message}`);
  }
  if (entries.length === 0) return "nothing";
  return entries.includes("config.json") ? "a run" : "other files";
}

/** @throws UsageError where `path` is not a folder that can be made, or holds anything already */
export async function checkRunFolder(path: string): Promise<void> {
  const content = await contentOf(path);
  if (content === "nothing") return;
  const advice =
    content === "a run" ? `Choose another folder, or go on with --resume ${path}.` : "Choose another folder.";
  throw new UsageError(
    `Expected --out to be a new or empty folder, but ${path} holds ${content} already. ${advice}`,
  );
}
