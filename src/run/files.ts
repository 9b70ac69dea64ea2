import { mkdir, open, readdir, rename } from "node:fs/promises";
import { dirname, join } from "node:path";
import { UsageError } from "../errors.js";

/** Writes a file whole or not at all: a temporary name beside it, synced, renamed, and the folder synced. */
export async function writeWhole(path: string, data: string | Uint8Array): Promise<void> {
  const temporary = `${path}.${process.pid}.tmp`;
  const file = await open(temporary, "w");
  try {
    await file.writeFile(data);
    await file.sync();
  } finally {
    await file.close();
  }
  await rename(temporary, path);
  const folder = await open(dirname(path), "r");
  try {
    await folder.sync();
  } finally {
    await folder.close();
  }
}

/**
 * Makes the run folder with its subfolders.
 * @throws UsageError where it holds anything already
 */
export async function makeRunFolder(path: string): Promise<void> {
  await checkRunFolder(path);
  await mkdir(join(path, "model"), { recursive: true });
  await mkdir(join(path, "logs"), { recursive: true });
}

/** @throws UsageError where `path` is not a folder that can be made, or holds anything already */
export async function checkRunFolder(path: string): Promise<void> {
  let entries: string[];
  try {
    entries = await readdir(path);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return;
    throw new UsageError(`Expected --out to be a folder to make, but ${path}: ${(error as Error).message}`);
  }
  if (entries.length === 0) return;
  const what = entries.includes("config.json") ? "a run" : "other files";
  throw new UsageError(
    `Expected --out to be a new or empty folder, but ${path} holds ${what} already. Choose another folder.`,
  );
}
