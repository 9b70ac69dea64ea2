import { spawn, type ChildProcess } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { onTestFinished } from "vitest";
import { built } from "./built.js";

/** The built command line program: tests of whole runs use what a user runs. */
export const APTS = built("src/cli/main.ts");

export interface Finished {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

export interface Running {
  readonly process: ChildProcess;
  readonly finished: Promise<Finished>;
  /** Resolves when standard error holds `pattern`. */
  saw(pattern: RegExp): Promise<void>;
}

export interface RunOptions {
  readonly environment?: Record<string, string>;
  readonly cwd?: string;
}

/** Starts `apts ARGS`; it is killed where it outlives its test. */
export function startApts(args: readonly string[], { environment = {}, cwd }: RunOptions = {}): Running {
  const child = spawn(process.execPath, [APTS, ...args], { env: { ...process.env, ...environment }, cwd });
  let stdout = "";
  let stderr = "";
  child.stdout.on("data", (data: Buffer) => (stdout += data.toString()));
  child.stderr.on("data", (data: Buffer) => (stderr += data.toString()));
  onTestFinished(() => void child.kill("SIGKILL"));
  const finished = new Promise<Finished>((resolve) => {
    child.on("close", (code) => {
      resolve({ code, stdout, stderr });
    });
  });
  const saw = async (pattern: RegExp): Promise<void> => {
    while (!pattern.test(stderr)) {
      if (child.exitCode !== null)
        throw new Error(`apts ended before it said ${String(pattern)}:\n${stderr}`);
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
  };
  return { process: child, finished, saw };
}

export function runApts(args: readonly string[], options?: RunOptions): Promise<Finished> {
  return startApts(args, options).finished;
}

/** A folder that goes with the test. */
export function temporaryFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), "apts-test-"));
  onTestFinished(() => {
    rmSync(folder, { recursive: true, force: true });
  });
  return folder;
}

/** A module of this source, in `folder`. */
export function writeModule(folder: string, source: string): string {
  const path = join(folder, "model.mjs");
  writeFileSync(path, source);
  return path;
}

/** Options of a run that takes a second: few digits, small network. */
export const SMALL = [
  "--data",
  "digits",
  "--train-samples",
  "1000",
  "--test-samples",
  "300",
  "--hidden",
  "16",
];
