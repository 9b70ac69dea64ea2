import type { ChildProcess } from "node:child_process";
import { createHash, randomUUID } from "node:crypto";
import { once } from "node:events";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { setTimeout as sleep } from "node:timers/promises";
import { expect } from "vitest";
import type * as Launch from "../../../launcher/launch.js";
import { parseCpuList } from "../../../src/host/cores.js";
import { textOf } from "../../../src/host/files.js";
import { built, ROOT } from "../built.js";

/** The launcher starts agents, which are programs: it is tested as built. */
export const importBuilt = (file: string): Promise<unknown> => import(pathToFileURL(upToDate(file)).href);
export const launcher = (await importBuilt("launcher/launch.ts")) as typeof Launch;
export const cli = upToDate("launcher/cli.ts");
export const orphanProgram = join(import.meta.dirname, "orphan.mjs");
export const rankProgram = join(import.meta.dirname, "rank.mjs");

/** What the compiler notes of a build. */
interface BuildInfo {
  readonly fileNames: readonly string[];
  /** SHA-256 of each. */
  readonly fileInfos: readonly (string | { readonly version: string })[];
}

/** The built file, after making sure that it is what the sources say. */
function upToDate(file: string): string {
  const info = join(ROOT, "dist/.tsbuildinfo");
  if (!existsSync(info)) throw new Error('Expected dist/ to be built, it is not. Run "make build".');
  const { fileNames, fileInfos } = JSON.parse(readFileSync(info, "utf8")) as BuildInfo;
  fileNames.forEach((name, index) => {
    if (!/^\.\.\/(src|launcher)\//.test(name)) return;
    const source = join(ROOT, "dist", name);
    const noted = fileInfos[index]!;
    const content = existsSync(source) ? readFileSync(source) : "";
    if (
      createHash("sha256").update(content).digest("hex") ===
      (typeof noted === "string" ? noted : noted.version)
    )
      return;
    throw new Error(
      `Expected dist/ to be built from the present sources, ${source} is another. Run "make build".`,
    );
  });
  return built(file);
}

/** A variable that marks every process a test starts, and their descendants. */
export function mark(): Record<string, string> {
  return { APTS_TEST_MARK: randomUUID() };
}

/** The processes of this machine whose environment holds all of these variables. */
export function marked(carrying: Record<string, string>): number[] {
  const wanted = Object.entries(carrying).map(([name, value]) => `${name}=${value}`);
  return readdirSync("/proc")
    .filter((name) => /^\d+$/.test(name))
    .filter((pid) => {
      const environment = environmentOf(pid);
      return wanted.every((entry) => environment.includes(entry));
    })
    .map(Number);
}

/** Those of them that are ranks, or about to be. */
export function ranksOf(carrying: Record<string, string>): number[] {
  return marked(carrying).filter((pid) => isRank(String(pid)));
}

const isRank = (pid: string): boolean => environmentOf(pid).some((entry) => entry.startsWith("APTS_RANK="));

/** The first of those whose program is a file that ends like this, and that are no ranks. */
export function programOf(carrying: Record<string, string>, program: RegExp): number {
  return marked(carrying).find((pid) => program.test(wordsOf(pid)[1] ?? "") && !isRank(String(pid)))!;
}

/** The launcher itself, where it carries `mark`. */
export function launcherOf(mark: Record<string, string>): number {
  return programOf(mark, /\/(launcher\/cli|cli\/main)\.js$/);
}

const environmentOf = (pid: string): string[] => textOf(`/proc/${pid}/environ`).split("\0");
const wordsOf = (pid: number): string[] => textOf(`/proc/${pid}/cmdline`).split("\0");

/** Less than the 5 s that ranks have to end by themselves when their launcher is gone: none may need them. */
export const AT_ONCE = 4;

/** Waits until no process carries `mark`. */
export async function expectNoneLeft(
  carrying: Record<string, string>,
  withinSeconds = AT_ONCE,
): Promise<void> {
  const deadline = Date.now() + withinSeconds * 1000;
  while (marked(carrying).length > 0 && Date.now() < deadline) await sleep(20);
  expect(marked(carrying)).toEqual([]);
}

/** Waits until `count` ranks of rank.mjs have said that they are ready: "[0] ready", or "[0-1] ready" together. */
export async function untilReady(child: ChildProcess, count: number): Promise<void> {
  let seen = "";
  const ready = (): number =>
    [...seen.matchAll(/^(?:\[([\d,-]+).*\] )?ready$/gm)].reduce(
      (sum, [, ranks = "0"]) => sum + parseCpuList(ranks).length,
      0,
    );
  while (ready() < count) {
    const [chunk] = (await once(child.stdout!, "data")) as [Buffer];
    seen += chunk.toString();
  }
}
