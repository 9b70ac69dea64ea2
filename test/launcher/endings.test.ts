import { spawnSync } from "node:child_process";
import { existsSync, mkdirSync, rmdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { MemoryKills } from "../../launcher/agent/memory-kills.js";
import { temporaryFolder } from "../helpers/apts.js";
import { launcher } from "../helpers/launcher/launcher.js";

/** What the launcher says of a rank that ends as this shell command does. */
async function told(script: string, more: { environment?: Record<string, string> } = {}): Promise<string> {
  const { failure } = await launcher.launch({
    command: "bash",
    args: ["-c", script],
    ranks: 1,
    timeoutSeconds: 10,
    onOutput: () => undefined,
    ...more,
  });
  return failure?.description ?? "";
}

const NODE = process.execPath;
const write = (file: string): string => `
  import { openSync, writeSync } from "node:fs";
  const fd = openSync(${JSON.stringify(file)}, "w");
  for (;;) writeSync(fd, Buffer.alloc(1 << 20));`;

describe("a rank's end is explained", () => {
  it.each([
    ["kill -KILL $$", /was killed by SIGKILL\. No program can refuse it\. A batch system/],
    ["kill -TERM $$", /was killed by SIGTERM\. Something else than this launcher/],
    ["kill -SEGV $$", /was killed by SIGSEGV\. It touched memory that is not its own/],
    ["kill -BUS $$", /was killed by SIGBUS\. .*\/dev\/shm or a disk is full/],
    ["kill -ILL $$", /was killed by SIGILL\. The processor does not know .* --blas none/],
    ["kill -FPE $$", /was killed by SIGFPE\. It divided/],
    ["kill -SYS $$", /was killed by SIGSYS\. .*seccomp/],
    ["kill -HUP $$", /was killed by SIGHUP\. Its terminal/],
    ["kill -USR1 $$", /was killed by SIGUSR1\. A batch system's warning/],
    ["ulimit -St 1; while :; do :; done", /was killed by SIGXCPU\. It used up its CPU time/],
    [
      "ulimit -f 1; head -c 100000 /dev/zero > $FOLDER/large",
      /ended with exit code 153\. .*killed by SIGXFSZ\. .*ulimit -f/,
    ],
    ["ulimit -f 1; exec head -c 100000 /dev/zero > $FOLDER/large", /was killed by SIGXFSZ\. .*ulimit -f/],
    [
      "bash -c 'kill -KILL $$'; exit $?",
      /ended with exit code 137\. That is a shell's way to say: killed by SIGKILL/,
    ],
    ["no-such-program", /ended with exit code 127\. .*not found on this host/],
    ["/etc/passwd", /ended with exit code 126\. .*may not be executed/],
    [
      `ulimit -n 40; exec ${NODE} --input-type=module -e 'import { openSync } from "node:fs"; for (;;) openSync("/dev/null")'`,
      /ended with exit code 1\. This process may not open more files and sockets \(ulimit -n\)/,
    ],
    [
      `ulimit -f 100; exec ${NODE} --input-type=module -e '${write("FILE")}'`,
      /ended with exit code 1\. A file grew beyond the limit for one file \(ulimit -f\)/,
    ],
    [
      `exec ${NODE} --input-type=module -e '${write("/dev/full")}'`,
      /ended with exit code 1\. The disk is full/,
    ],
    [
      `exec ${NODE} --max-old-space-size=20 -e 'const all = []; for (;;) all.push({ all: [...all] })'`,
      /(was killed by SIGABRT|exit code 134)\. Node's own heap was full: .*--max-old-space-size/,
    ],
  ])("%s", async (script, expected) => {
    const folder = temporaryFolder();
    expect(
      await told(script.replace("FILE", join(folder, "large")), { environment: { FOLDER: folder } }),
    ).toMatch(expected);
  });

  it("an error of the system that a rank reports needs no stack, and says what to do", async () => {
    const error = {
      name: "Error",
      message: "ENOSPC: no space left on device, write",
      stack: "at x.js",
      code: "ENOSPC",
    };
    const event = JSON.stringify({ type: "error", error: { ...error, exitCode: 1, consequence: false } });
    const description = await told(String.raw`printf '\x1e%s\n' "$EVENT"; exit 1`, {
      environment: { EVENT: event },
    });
    expect(description).toMatch(
      /failed: ENOSPC: no space left on device, write\. The disk is full.*make room/,
    );
    expect(description).not.toContain("at x.js");
  });
});

describe("MemoryKills", () => {
  const group = (memoryKills: number | undefined) => ({
    cpus: undefined,
    processes: undefined,
    memory: { value: 2 ** 29, file: "/sys/fs/cgroup/memory.max" },
    memoryKills,
  });

  it("explains as many deaths as the control group counts", () => {
    let count = 4;
    const kills = new MemoryKills(() => group(count), "/nowhere");
    expect(kills.explain()).toBeUndefined();
    count = 5;
    expect(kills.explain()).toMatch(
      /^Out of memory\. Its control group allows 512 MiB \(\/sys\/fs\/cgroup\/memory\.max\)/,
    );
    expect(kills.explain()).toBeUndefined();
  });

  it("else goes by the host's count, and says that it may have been another", () => {
    const counters = join(temporaryFolder(), "vmstat");
    writeFileSync(counters, "pgfault 7\noom_kill 0\n");
    const kills = new MemoryKills(() => ({ ...group(undefined), memory: undefined }), counters);
    expect(kills.explain()).toBeUndefined();
    writeFileSync(counters, "pgfault 9\noom_kill 1\n");
    expect(kills.explain()).toMatch(/^Most likely out of memory: .* This host has [\d.]+ GiB/);
  });
});

/** A control group of this machine that allows so much memory; undefined where it cannot have one. */
function groupWithMemory(bytes: number): string | undefined {
  const ways = [
    { folder: `/sys/fs/cgroup/apts-memory-${process.pid}`, limit: "memory.max" },
    { folder: `/sys/fs/cgroup/memory/apts-memory-${process.pid}`, limit: "memory.limit_in_bytes" },
  ];
  for (const { folder, limit } of ways) {
    try {
      mkdirSync(folder);
    } catch {
      continue;
    }
    try {
      writeFileSync(join(folder, limit), String(bytes), { flag: "r+" });
      return folder;
    } catch {
      rmdirSync(folder);
    }
  }
  return undefined;
}

const memoryGroup = process.platform === "linux" ? groupWithMemory(400 << 20) : undefined;
if (!memoryGroup)
  console.warn("Skipped: a real lack of memory (this machine lets nobody make a control group).");
afterAll(() => {
  if (memoryGroup && existsSync(memoryGroup)) rmdirSync(memoryGroup);
});

it.skipIf(!memoryGroup)("a rank that is killed for lack of memory is said to be", () => {
  const fill = "const all = []; for (;;) all.push(Buffer.alloc(1 << 24, 1))";
  const launch = `exec ${NODE} dist/launcher/cli.js -n 2 -- ${NODE} -e '[process.env.APTS_RANK === "1"].includes(true) ? eval("${fill}") : setTimeout(() => {}, 60000)'`;
  const { stderr } = spawnSync("bash", ["-c", `echo $$ > ${memoryGroup!}/cgroup.procs && ${launch}`], {
    encoding: "utf8",
  });
  expect(stderr).toMatch(
    /^Rank 1 .* was killed by SIGKILL\. Out of memory\. Its control group allows 400 MiB \(\/sys/,
  );
});
