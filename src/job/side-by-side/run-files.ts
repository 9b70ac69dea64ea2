import type { Given } from "../../config/resolve.js";
import { writeWhole } from "../../run/folder/files.js";
import { FolderLock } from "../../run/folder/lock.js";
import type { TrainConfig } from "../../run/options/config.js";
import { optionsOf } from "./identity.js";

/** Many runs at a time: each has one rank with one thread where nothing else is said. */
export const ALONE: Given = { source: { kind: "program" }, values: { ranks: 1, threads: 1 } };

/** How long another program in the folder may take to end, in milliseconds. */
const PATIENCE = 1000;

/**
 * What `work` makes in the folder `out`, where nobody else works meanwhile.
 * @throws UsageError where somebody does
 */
export async function aloneIn<T>(out: string, work: () => Promise<T>): Promise<T> {
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
