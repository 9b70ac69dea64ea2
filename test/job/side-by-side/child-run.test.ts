import { spawn } from "node:child_process";
import { describe, expect, it } from "vitest";
import { conductRun } from "../../../src/job/side-by-side/child-run.js";

const conduct = (program: string) => {
  const child = spawn(process.execPath, ["-e", program], { stdio: ["ignore", "pipe", "pipe"] });
  const never = new AbortController().signal;
  return conductRun(child, { gently: never, atOnce: never });
};

describe("a run in a process of its own", () => {
  it("has failed with what it says last", async () => {
    const program = 'console.error("apts: It went wrong."); process.exitCode = 1';
    expect(await conduct(program)).toMatchObject({ failure: "It went wrong.", killedBy: undefined });
  });

  it.each(['process.kill(process.pid, "SIGKILL"); setInterval(() => {}, 1000)', "process.exitCode = 137"])(
    "was killed where a signal ended it, or one of its ranks: %s",
    async (program) => {
      const conducted = await conduct(program);
      expect(conducted).toMatchObject({ killedBy: "SIGKILL" });
      expect(conducted!.failure).toContain("SIGKILL");
    },
  );
});
