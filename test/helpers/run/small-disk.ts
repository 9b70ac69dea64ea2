import { spawnSync } from "node:child_process";
import { closeSync, mkdirSync, openSync, writeSync } from "node:fs";
import { join } from "node:path";
import { expect, onTestFinished, type TestContext } from "vitest";
import { temporaryFolder } from "../apts.js";

/** A file system of 2 MB that goes with the test. */
export function smallDisk(context: TestContext): string {
  const folder = join(temporaryFolder(), "disk");
  mkdirSync(folder);
  const { status, error, stderr } = spawnSync("mount", ["-t", "tmpfs", "-o", "size=2m", "tmpfs", folder]);
  if (status !== 0) context.skip(`needs root to mount a small disk: ${error?.message ?? String(stderr)}`);
  onTestFinished(() => void spawnSync("umount", ["--lazy", folder]));
  return folder;
}

/** Fills a disk up to the last byte. */
export function fill(file: string): void {
  const filler = openSync(file, "w");
  try {
    for (;;) writeSync(filler, Buffer.alloc(4096));
  } catch (error) {
    expect((error as NodeJS.ErrnoException).code).toBe("ENOSPC");
  } finally {
    closeSync(filler);
  }
}
