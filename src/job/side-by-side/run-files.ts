import { UsageError } from "../../errors.js";
import type { Given } from "../../config/resolve.js";
import { contentOf, writeWhole } from "../../run/folder/files.js";
import { FolderLock } from "../../run/folder/lock.js";
import type { TrainConfig } from "../../run/options/config.js";
import { optionsOf } from "./identity.js";

/** Many runs at a time: each has one rank with one thread where nothing else is said. */
export const ALONE: Given = { source: { kind: "program" }, values: { ranks: 1, threads: 1 } };

/** How long another program in the folder may take to end, in milliseconds. */
const PATIENCE = 1000;

/** @throws UsageError where a folder for many runs is that of a run */
export async function refuseRunFolder(out: string): Promise<void> {
  const content = await contentOf(out);
  if (content === "a run" || content === "an unfinished run")
    throw new UsageError(
      `Expected --out to be a folder for many runs, but ${out} holds ${content} of its own. Choose another folder.`,
    );
}

/**
 * What `work` makes in the folder `out`, where nobody else works meanwhile.
 * @throws UsageError where somebody does, or where it is the folder of a run
 */
export async function aloneIn<T>(out: string, work: () => Promise<T>): Promise<T> {
  await refuseRunFolder(out);
  const lock = new FolderLock(out, PATIENCE);
  await lock.take();
  try {
    return await work();
  } finally {
    lock.release();
  }
}

/** Writes a run's options beside its folder: `apts train --config` repeats it. */
export async function writeOptions(folder: string, config: TrainConfig): Promise<void> {
  await writeWhole(fileOf(folder), `${JSON.stringify(optionsOf(config), null, 2)}\n`);
}

/** What `apts train` is told to run, or go on with, what `writeOptions` has written. */
export function argumentsFor(folder: string): string[] {
  return ["--config", fileOf(folder), "--out", folder, "--auto-resume", "--json"];
}

function fileOf(folder: string): string {
  return `${folder}.json`;
}
