import { execFileSync } from "node:child_process";
import { existsSync, mkdirSync, statSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { UsageError } from "../src/errors.js";
import { expectPlaceFor, makeFolder, readUserFile, readUserFileSync } from "../src/paths.js";
import { temporaryFolder } from "./helpers/apts.js";

async function refusal(work: Promise<unknown>): Promise<string> {
  const error: unknown = await work.then(
    () => new Error("nothing was refused"),
    (error: unknown) => error,
  );
  expect(error).toBeInstanceOf(UsageError);
  return (error as Error).message;
}

describe("a file that its user named", () => {
  it("is read", async () => {
    const path = join(temporaryFolder(), "config.yaml");
    writeFileSync(path, "ranks: 2");
    expect((await readUserFile(path, "a config file")).toString()).toBe("ranks: 2");
    expect(readUserFileSync(path, "a config file").toString()).toBe("ranks: 2");
  });

  it.each<[string, (folder: string) => string, RegExp]>([
    ["is not there", (d) => join(d, "absent"), /^Expected a config file at .*absent, but there is none\.$/],
    ["is a folder", (d) => d, /a regular file, but that is a folder\.$/],
    ["is a device", () => "/dev/null", /a regular file, but that is a device\.$/],
    ["lies below a file", (d) => join(fileIn(d), "x"), /but a part of the path is a file, no folder\.$/],
    [
      "has too long a name",
      (d) => join(d, "x".repeat(300)),
      /but the name is too long for the file system\.$/,
    ],
    ["is a link to itself", (d) => linkIn(d), /but it goes round in circles through symbolic links\.$/],
  ])("is refused in one sentence where it %s", async (_, make, message) => {
    const path = make(temporaryFolder());
    expect(await refusal(readUserFile(path, "a config file"))).toMatch(message);
    expect(() => readUserFileSync(path, "a config file")).toThrow(message);
  });

  it.skipIf(process.platform === "win32")("is not waited for where it is a pipe", async () => {
    const path = join(temporaryFolder(), "pipe");
    execFileSync("mkfifo", [path]);
    const message = /a config file at .*pipe, a regular file, but that is a pipe\.$/;
    expect(await refusal(readUserFile(path, "a config file"))).toMatch(message);
    expect(() => readUserFileSync(path, "a config file")).toThrow(message);
  });
});

describe("a folder that is to be made", () => {
  it("is made with those above it, through links, and once", async () => {
    const top = temporaryFolder();
    mkdirSync(join(top, "there"));
    symlinkSync("there", join(top, "link"));
    const path = join(top, "link", "a", "b");
    await Promise.all([1, 2, 3].map(() => makeFolder(path, "the run folder")));
    expect(statSync(join(top, "there", "a", "b")).isDirectory()).toBe(true);
  });

  it.each<[string, (folder: string) => string, RegExp]>([
    ["below a file", (d) => join(fileIn(d), "r", "s"), /but a part of the path is a file/],
    ["in the place of a file", fileIn, /but something else is in its place/],
    [
      "below a link to nothing",
      (d) => join(danglingIn(d), "r"),
      /but something else is in its place: .*runs\./,
    ],
    ["with too long a name", (d) => join(d, "x".repeat(300)), /the name is too long/],
  ])("is refused %s", async (_, make, message) => {
    expect(await refusal(makeFolder(make(temporaryFolder()), "the run folder"))).toMatch(message);
  });

  // mkdir says ENOENT there, as an automounter does for a key it does not know.
  it.skipIf(!existsSync("/proc/self"))("is refused where nothing can be made", async () => {
    for (const path of ["/proc/run", "/proc/run/deeper"])
      expect(await refusal(makeFolder(path, "the run folder"))).toMatch(
        /^Expected to make the run folder .proc.run/,
      );
  });
});

describe("a place for a folder", () => {
  it("is one where the folder is, or can be made; nothing is made", async () => {
    const top = temporaryFolder();
    await expectPlaceFor(top, "the run folder");
    await expectPlaceFor(join(top, "a", "b"), "the run folder");
    expect(existsSync(join(top, "a"))).toBe(false);
  });

  it.each<[string, (folder: string) => string, RegExp]>([
    ["a file", fileIn, /^Expected a place for the run folder .*, but .*file is no folder\.$/],
    ["below a file", (d) => join(fileIn(d), "r", "s"), /but a part of the path is a file/],
    [
      "below a link to nothing",
      (d) => join(danglingIn(d), "r"),
      /runs is a link to \/nonexistent\/runs, and there is no such folder\./,
    ],
    ["below a link to itself", (d) => join(linkIn(d), "r"), /round in circles/],
  ])("is not %s", async (_, make, message) => {
    expect(await refusal(expectPlaceFor(make(temporaryFolder()), "the run folder"))).toMatch(message);
  });

  it.skipIf(process.getuid?.() === 0)("is not where permission is denied", async () => {
    const path = join(temporaryFolder(), "closed");
    mkdirSync(path, { mode: 0o500 });
    expect(await refusal(expectPlaceFor(join(path, "r"), "the run folder"))).toMatch(
      /but permission is denied: .*closed\.$/,
    );
  });
});

function fileIn(folder: string): string {
  writeFileSync(join(folder, "file"), "");
  return join(folder, "file");
}

function linkIn(folder: string): string {
  symlinkSync("loop", join(folder, "loop"));
  return join(folder, "loop");
}

function danglingIn(folder: string): string {
  symlinkSync("/nonexistent/runs", join(folder, "runs"));
  return join(folder, "runs");
}
