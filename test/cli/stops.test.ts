import { execFileSync, spawnSync } from "node:child_process";
import { existsSync, readFileSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { loadBlas } from "../../src/compute/blas/load.js";
import {
  APTS,
  runApts,
  SMALL,
  startApts,
  temporaryFolder,
  type Finished,
  writeModule,
} from "../helpers/apts.js";
import { expectNoneLeft, mark, marked } from "../helpers/launcher/launcher.js";
import { builtUrl } from "../helpers/built.js";

const train = (...args: string[]): string[] => ["train", ...SMALL, "--ranks", "2", "--threads", "1", ...args];

/** Everything but the first line of the run and its progress. */
function refusal({ stderr }: Finished): string {
  return stderr.trim();
}

describe("apts train that is asked to stop", () => {
  it.each(["SIGTERM", "SIGINT"] as const)("ends at once on %s while its ranks still load", async (signal) => {
    const folder = temporaryFolder();
    // As a rank it computes for ever, and hears no event.
    const model = writeModule(
      folder,
      `import { writeSync } from "node:fs";
       if (process.env.APTS_RANK) for (writeSync(2, "loading\\n"); ; );
       export const createModel = ({ tf, sampleShape: inputShape, classes: units }) =>
         tf.sequential({ layers: [tf.layers.flatten({ inputShape }), tf.layers.dense({ units })] });`,
    );
    const marks = mark();
    const run = startApts(train("--model", model, "--out", join(folder, "run")), { environment: marks });
    await run.saw(/loading/);
    run.process.kill(signal);
    expect((await run.finished).code).toBe(signal === "SIGINT" ? 130 : 143);
    await expectNoneLeft(marks);
    expect(existsSync(join(folder, "run"))).toBe(false);
  });
});

describe("a rank that hangs", () => {
  it("is named first, with its reason, and ended", async () => {
    const marks = mark();
    const out = join(temporaryFolder(), "run");
    const run = startApts(train("--epochs", "100000", "--out", out), { environment: marks });
    await run.saw(/epoch/);
    process.kill(marked({ ...marks, APTS_RANK: "1" })[0]!, "SIGSTOP");
    const { code, stderr } = await run.finished;
    expect(code).toBe(1);
    const said = stderr.slice(stderr.indexOf("apts:"));
    expect(said).toMatch(
      /^apts: Rank 1 \(.*\) was killed by SIGKILL\. It was stopped \(SIGSTOP, .*the launcher ended it\.\n/,
    );
    expect(said).toMatch(
      /\n {2}Rank 0 \(.*\) also failed: PeerLostError: Rank 1 is gone: its link broke, .*\n$/,
    );
    await expectNoneLeft(marks);
  });
});

describe("apts train --profile", () => {
  it("writes what V8 has seen of each rank, with native products too", async () => {
    const out = join(temporaryFolder(), "run");
    const { code, stderr } = await runApts(train("--epochs", "30", "--profile", "--out", out));
    expect([code, stderr]).toEqual([0, expect.any(String)]);
    for (const rank of [0, 1]) {
      const profile = JSON.parse(readFileSync(join(out, `rank-${rank}.cpuprofile`), "utf8")) as {
        nodes: { callFrame: { functionName: string } }[];
        samples: number[];
      };
      expect(profile.samples.length).toBeGreaterThan(10);
      expect(profile.nodes.map((node) => node.callFrame.functionName)).toContain("step");
    }
  });
});

describe("a profiler", () => {
  // Without the shield each try ends in a ruined heap; V8's own walk of the stack crashes once in some hundred.
  it("does not meet the products of the system's library", { retry: 1 }, async ({ skip }) => {
    const { blas } = await loadBlas("auto", 1);
    if (!blas?.name.startsWith("oneDNN")) skip("needs oneDNN");
    const folder = temporaryFolder();
    const module = builtUrl("src/compute/blas/load.ts");
    const program = writeModule(
      folder,
      `const { loadBlas } = await import(${JSON.stringify(module)});
       const { blas } = await loadBlas("auto", 1);
       const memory = new Float32Array(2_000_000);
       const at = blas.addressOf(new Uint8Array(memory.buffer));
       const dense = blas.dense?.(1000, 32, 784);
       for (const end = performance.now() + 2000; performance.now() < end;) {
         for (let i = 0; i < 20; i++) blas.sgemm(false, false, 1000, 32, 784, at, 784, at + 4_000_000, 32, false, at + 6_000_000, 32);
         dense?.(at, at + 4_000_000, at + 6_000_000);
       }`,
    );
    const options = ["--cpu-prof", "--cpu-prof-interval", "100", "--cpu-prof-name", "x.cpuprofile"];
    const { status, signal, stderr } = spawnSync(process.execPath, [...options, program], {
      cwd: folder,
      encoding: "utf8",
    });
    expect({ status, signal, stderr }).toEqual({ status: 0, signal: null, stderr: "" });
    const { samples } = JSON.parse(readFileSync(join(folder, "x.cpuprofile"), "utf8")) as {
      samples: number[];
    };
    expect(samples.length).toBeGreaterThan(100);
  });
});

const namespaces = spawnSync("unshare", ["-n", "true"]).status === 0;

describe("ranks of a machine whose loopback is down", () => {
  it.skipIf(!namespaces)("are not started: what is wrong is said at once", () => {
    const args = train("--epochs", "1", "--out", join(temporaryFolder(), "run"));
    const { status, stderr } = spawnSync("unshare", ["-n", process.execPath, APTS, ...args], {
      encoding: "utf8",
    });
    expect(status).toBe(1);
    expect(stderr).toMatch(
      /^apts: Expected the loopback interface of this machine to be up, .* "ip link set lo up"/,
    );
  });
});

describe("paths of apts train", () => {
  it("are refused at once, in one sentence, where nothing can be made or read", async () => {
    const folder = temporaryFolder();
    symlinkSync("/nonexistent/me/runs", join(folder, "runs"));
    writeFileSync(join(folder, "file"), "");
    execFileSync("mkfifo", ["pipe", "pipe.json"], { cwd: folder });
    const cases: [string[], RegExp][] = [
      [[], /^apts: Expected a place for the run folder runs.*is a link to .nonexistent.me.runs/],
      [["--out", "file/r"], /^apts: Expected .*file\/r.*but a part of the path is a file/],
      [["--out", "/proc/run"], /^apts: Expected .*\/proc\/run.*but nothing can be made in \/proc\.$/],
      [["--config", "pipe", "--out", "r"], /^apts: Expected a config file at pipe, .*but that is a pipe\.$/],
      [["--hostfile", "pipe", "--out", "r"], /^apts: Expected a host file at pipe, .*but that is a pipe\.$/],
    ];
    for (const [args, message] of cases) {
      const finished = await runApts(["train", ...SMALL, "--ranks", "1", "--epochs", "1", ...args], {
        cwd: folder,
      });
      expect([finished.code, refusal(finished)]).toEqual([2, expect.stringMatching(message)]);
    }
  });
});
