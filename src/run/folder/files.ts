import { randomInt } from "node:crypto";
import { mkdir, open, readdir, rename, rm } from "node:fs/promises";
import { dirname, join } from "node:path";
import { UsageError } from "../../errors.js";
import type { ModelFiles } from "../../network/model-file.js";
import { expectPlaceFor, makeFolder, pathError } from "../../paths.js";

/** The names of files that are being written, or were when their writer was killed. */
const TEMPORARY = /\.\d+\.tmp$/;

/** Holds the secret of a run folder's lock. */
export const LOCK_FILE = ".lock";

/** The folders of a run folder. */
const FOLDERS = ["model", "logs", "checkpoints"];

/** Writes a file whole or not at all: a temporary name beside it, synced, renamed, and the folder synced. */
export async function writeWhole(
  path: string,
  data: string | Uint8Array | Iterable<Uint8Array> | AsyncIterable<Uint8Array>,
): Promise<void> {
  const temporary = `${path}.${randomInt(2 ** 47)}.tmp`; // processes of two hosts may have one number
  try {
    const file = await open(temporary, "w");
    try {
      const parts = typeof data === "string" || data instanceof Uint8Array ? [data] : data;
      for await (const part of parts) await file.writeFile(part);
      await file.sync();
    } finally {
      await file.close();
    }
    await rename(temporary, path);
  } catch (error) {
    await rm(temporary, { force: true }); // a full disk needs the room
    throw Object.assign(error as NodeJS.ErrnoException, { path }); // the temporary name is nobody's concern
  }
  const folder = await open(dirname(path), "r");
  try {
    await folder.sync();
  } finally {
    await folder.close();
  }
}

/** Waits until what was written to a file is on disk; one that is not there has nothing to lose. */
export async function syncFile(path: string): Promise<void> {
  const file = await open(path, "r").catch((error: unknown) => {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return undefined;
    throw error;
  });
  try {
    await file?.sync();
  } finally {
    await file?.close();
  }
}

/** A model to write; its weights may come bit by bit. */
export interface WritableModel extends Pick<ModelFiles, "model.json"> {
  readonly "weights.bin": Uint8Array | AsyncIterable<Uint8Array>;
}

/** Writes a model. Weights first: a model.json always finds the weights it names. */
export async function writeModel(folder: string, model: WritableModel): Promise<void> {
  await writeWhole(join(folder, "weights.bin"), model["weights.bin"]);
  await writeWhole(join(folder, "model.json"), model["model.json"]);
}

/** Removes what writers that were killed have left in a run folder. */
export async function removeTemporaries(path: string): Promise<void> {
  for (const name of await readdir(path, { recursive: true })) {
    if (TEMPORARY.test(name)) await rm(join(path, name), { force: true });
  }
}

/** Makes a run folder with its subfolders, where they are not there. */
export async function makeRunFolder(path: string): Promise<void> {
  for (const name of FOLDERS) await makeFolder(join(path, name), "a run's folder");
}

/** Makes a folder that no other process takes: `path` or, where that is there already, path-2, path-3, …. Says which. */
export async function reserveFolder(path: string): Promise<string> {
  await expectPlaceFor(path, "the run folder");
  await makeFolder(dirname(path), "the folder of runs");
  for (let attempt = 1; ; attempt++) {
    const candidate = attempt === 1 ? path : `${path}-${attempt}`;
    try {
      await mkdir(candidate);
      return candidate;
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== "EEXIST")
        throw pathError(`to make the run folder ${candidate}`, error);
    }
  }
}

type Content = "nothing" | "an unfinished run" | "a run" | "other files";

/** What is in a folder that a run is to have. What a run leaves that was killed at once counts as nothing. */
export async function contentOf(path: string): Promise<Content> {
  let names: string[];
  try {
    names = await readdir(path);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return "nothing";
    throw pathError(`--out to be a new or empty folder, not ${path}`, error);
  }
  if (names.includes("config.json")) return names.includes("summary.json") ? "a run" : "an unfinished run";
  for (const name of names) {
    if (name === LOCK_FILE) continue;
    const isLeft = FOLDERS.includes(name) ? await isEmptyFolder(join(path, name)) : TEMPORARY.test(name);
    if (!isLeft) return "other files";
  }
  return "nothing";
}

async function isEmptyFolder(path: string): Promise<boolean> {
  const entries = await readdir(path).catch(() => undefined);
  return entries?.length === 0;
}

/** @throws UsageError where `path` is not a folder that can be made, or holds anything already */
export async function checkRunFolder(path: string): Promise<void> {
  const content = await contentOf(path);
  if (content === "nothing") return;
  const advice =
    content === "other files"
      ? "Choose another folder."
      : `Choose another folder, or go on with --resume ${path}.`;
  throw new UsageError(
    `Expected --out to be a new or empty folder, but ${path} holds ${content} already. ${advice}`,
  );
}
