import { spawn } from "node:child_process";
import { once } from "node:events";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { describe, expect, it } from "vitest";
import { temporaryFolder } from "../helpers/apts.js";
import {
  cli,
  expectNoneLeft,
  mark,
  marked,
  programOf,
  rankProgram,
  untilReady,
} from "../helpers/launcher/launcher.js";

type Script = Record<number, string[]>;

/** `apts-launch` with `args`, its output and its end. */
function start(args: readonly string[], environment: Record<string, string> = {}) {
  const child = spawn(process.execPath, [cli, ...args], { env: { ...process.env, ...environment } });
  const ended = once(child, "exit") as Promise<[number | null, NodeJS.Signals | null]>;
  const result = async () => {
    const [stdout, stderr, [code]] = await Promise.all([text(child.stdout), text(child.stderr), ended]);
    return { code, stdout, stderr };
  };
  return { child, ended, result };
}

const ranks = (count: number, script: Script): string[] => [
  "-n",
  String(count),
  "--",
  process.execPath,
  rankProgram,
  JSON.stringify(script),
];

describe("apts-launch", () => {
  it("puts the rank in front of each line when there are several", async () => {
    const several = await start(ranks(2, { 0: ["print a"], 1: ["wait 300", "complain b"] })).result();
    expect(several).toEqual({ code: 0, stdout: "[0] a\n", stderr: "[1] b\n" });
    expect((await start(ranks(1, { 0: ["print a"] })).result()).stdout).toBe("a\n");
  });

  it("starts ranks where setpriv and taskset lack what newer ones have", async () => {
    // As util-linux 2.32 (RHEL 8) and busybox have them: unknown options are refused.
    const folder = temporaryFolder();
    const program = (name: string, known: string) => {
      const text = `#!/bin/sh\ncase "$1" in ${known}) shift; shift; exec "$@";; *) exit 1;; esac\n`;
      writeFileSync(join(folder, name), text, { mode: 0o755 });
    };
    program("setpriv", "--reuid");
    program("taskset", "-c");
    const environment = { PATH: `${folder}:${process.env["PATH"]!}` };
    const { code, stdout } = await start(ranks(2, { 0: ["print a"], 1: ["print b"] }), environment).result();
    expect([code, stdout.split("\n").sort().join()]).toEqual([0, ",[0] a,[1] b"]);
    program("taskset", "-x");
    expect((await start(ranks(2, { 0: ["print a"], 1: ["print b"] }), environment).result()).code).toBe(0);
  });

  it("ends with the failure and its exit code", async () => {
    const { code, stderr } = await start(ranks(2, { 1: ["exit 3"] })).result();
    expect(code).toBe(3);
    expect(stderr).toMatch(/^Rank 1 \(.+, pid \d+\) ended with exit code 3\.\n {2}Rank 0 was stopped\.\n$/);
  });

  it("asks the ranks to stop on the first Ctrl-C and kills them on the second", async () => {
    const marks = mark();
    const polite = start(ranks(2, { 0: ["obedient"], 1: ["obedient"] }), marks);
    await untilReady(polite.child, 2);
    polite.child.kill("SIGINT");
    expect((await polite.ended)[0]).toBe(130);

    const stubborn = start(ranks(2, { 0: ["stubborn"], 1: ["stubborn"] }), marks);
    await untilReady(stubborn.child, 2);
    stubborn.child.kill("SIGTERM");
    await once(stubborn.child.stdout, "data"); // "I stay"
    stubborn.child.kill("SIGINT");
    expect((await stubborn.ended)[0]).toBe(143);
    await expectNoneLeft(marks);
  });

  it("passes SIGUSR1 on, and ends as a stopped job where the ranks take it for a stop", async () => {
    const { child, ended } = start(ranks(2, { 0: ["warned"], 1: ["warned"] }));
    await untilReady(child, 2);
    child.kill("SIGUSR1");
    expect((await ended)[0]).toBe(143);
  });

  it("leaves nothing behind when it is killed", async () => {
    const marks = mark();
    const { child, ended } = start(ranks(2, { 0: ["stubborn"], 1: ["sleep"] }), marks);
    await untilReady(child, 1);
    child.kill("SIGKILL");
    await ended;
    await expectNoneLeft(marks, 10);
  });

  it("reports a host whose agent is killed, and no rank survives it", async () => {
    const marks = mark();
    const { child, result } = start(ranks(1, { 0: ["stubborn"] }), marks);
    await untilReady(child, 1);
    process.kill(programOf(marks, /agent\/main\.js$/), "SIGKILL");
    const { code, stderr } = await result();
    expect(code).toBe(1);
    expect(stderr).toMatch(/Rank 0 \(.*\) was lost with its host .*: its agent was killed by SIGKILL/);
    // The rank itself is killed by the kernel; a child of its own is in no one's care.
    await expect.poll(() => marked(marks).length, { timeout: 10_000 }).toBeLessThanOrEqual(1);
    for (const survivor of marked(marks)) process.kill(survivor, "SIGKILL");
    await expectNoneLeft(marks);
  });

  it("ends quietly when nobody reads its output any more", async () => {
    const marks = mark();
    const { child, ended } = start(["-n", "2", "--", "yes"], marks);
    let complaint = "";
    child.stderr.on("data", (chunk) => (complaint += String(chunk)));
    await once(child.stdout, "data");
    child.stdout.destroy();
    expect((await ended)[0]).toBe(1);
    expect(complaint).toBe("");
    await expectNoneLeft(marks);
  });

  it("shows a plan and runs nothing", async () => {
    const { code, stdout } = await start(["--dry-run", "-n", "2", "--", "no-such-program", "x"], {
      CUDA_VISIBLE_DEVICES: "3,5",
    }).result();
    expect(code).toBe(0);
    expect(stdout).toMatch(/│ 0 +│ \S+ +│ 3 +│/);
    expect(stdout).toMatch(/│ 1 +│ \S+ +│ 5 +│/);
    expect(stdout).toMatch(/no-such-program x\n$/);
  });

  it.each([
    [["-n", "0", "--", "true"], 'Expected --ranks to be a whole number from 1 to 4096, got "0".'],
    [["--hostfile", "/nowhere", "--", "true"], "Expected a host file at /nowhere"],
    [[], "missing required argument"],
    [["--map-by", "rack", "--", "true"], "Expected --map-by to be one of slot, node"],
    [["-x", "NOT_SET_ANYWHERE", "--", "true"], "Expected --export NAME=VALUE"],
  ])("calls %j bad usage", async (args, message) => {
    const { code, stderr } = await start(args).result();
    expect(stderr).toContain(message);
    expect(code).toBe(2);
  });
});
