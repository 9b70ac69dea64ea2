import { spawn } from "node:child_process";
import { once } from "node:events";
import { cpSync, mkdirSync, readFileSync, statSync, symlinkSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it, onTestFinished } from "vitest";
import { contentOf } from "../../src/run/folder/files.js";
import { FolderLock } from "../../src/run/folder/lock.js";
import { temporaryFolder } from "../helpers/apts.js";
import { builtUrl } from "../helpers/built.js";

const AT_ONCE = 0;

async function taken(out: string): Promise<FolderLock> {
  const lock = new FolderLock(out, AT_ONCE);
  onTestFinished(() => {
    lock.release();
  });
  await lock.take();
  return lock;
}

describe.skipIf(process.platform !== "linux")("the lock of a run folder", () => {
  it("is held by one, until it is released", async () => {
    const out = join(temporaryFolder(), "runs", "a");
    const lock = await taken(out);
    await expect(taken(out)).rejects.toThrow(`Expected ${out} to be free, but another run is at work there.`);
    lock.release();
    await taken(out);
  });

  it("is of the folder, however its path is written", async () => {
    const top = temporaryFolder();
    mkdirSync(join(top, "scratch"));
    symlinkSync("scratch", join(top, "link"));
    await taken(join(top, "link", "new", "run")); // made through the link
    for (const path of ["scratch/new/run", "link/new/../new/run"])
      await expect(taken(join(top, path))).rejects.toThrow("another run is at work there");
  });

  it("is of one folder: a copy has its own", async () => {
    const top = temporaryFolder();
    await taken(join(top, "a"));
    cpSync(join(top, "a"), join(top, "b"), { recursive: true });
    await taken(join(top, "b"));
  });

  it("has a name that only the owner of the folder can know", async () => {
    const out = join(temporaryFolder(), "a");
    await taken(out);
    expect(statSync(join(out, ".lock")).mode & 0o777).toBe(0o600);
    const secret = readFileSync(join(out, ".lock"), "utf8");
    expect(secret).toMatch(/^[0-9a-f]{64}$/);
    expect(readFileSync("/proc/net/unix", "utf8")).not.toContain(secret);
    expect(await contentOf(out)).toBe("nothing");
  });

  it("goes with a process that is killed", async () => {
    const out = join(temporaryFolder(), "a");
    const module = builtUrl("src/run/folder/lock.ts");
    const program = `import { FolderLock } from ${JSON.stringify(module)};
      await new FolderLock(${JSON.stringify(out)}).take(); console.log("taken"); setInterval(() => {}, 1000);`;
    const child = spawn(process.execPath, ["--input-type=module", "-e", program]);
    onTestFinished(() => void child.kill("SIGKILL"));
    await once(child.stdout, "data");
    await expect(taken(out)).rejects.toThrow("another run is at work there");
    child.kill("SIGKILL");
    await once(child, "exit");
    await taken(out);
  });
});
