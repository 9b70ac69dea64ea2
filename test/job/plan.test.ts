import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type * as Plan from "../../src/job/plan.js";
import { temporaryFolder } from "../helpers/apts.js";
import { importBuilt } from "../helpers/launcher/launcher.js";
import { run } from "../helpers/run/run.js";
import { recordIn } from "../helpers/run-folder.js";

// A plan asks the launcher how many ranks fit, and that starts an agent: a program.
const { joinOptions, planJob, planTask } = (await importBuilt("src/job/plan.ts")) as typeof Plan;

type Values = Record<string, unknown>;
const plan = (values: Values) => planJob([{ source: { kind: "command line" }, values }]);

/** The folder of a run of apts by 3 ranks with 2 threads each, one of which it found by itself. */
async function begunRun(): Promise<string> {
  const out = join(temporaryFolder(), "run");
  const values = { method: "apts", batches: 2, epochs: 1, ranks: 3, localSteps: 2, threads: undefined };
  await run(out, values, { threads: 2 });
  return out;
}

/** The threads that run computed with: 2 where a BLAS has them, 1 without. */
function threadsOf(out: string): number {
  const record = recordIn(out);
  expect(record.options.threads).toBeUndefined();
  return record.backend.threads;
}

describe("--resume", () => {
  it("takes from the run what the command line leaves open", async () => {
    const out = await begunRun();
    const { spec, maxRestarts } = await plan({ resume: out, epochs: "9", maxRestarts: "2" });
    expect(spec).toMatchObject({ out, beginning: "resume" });
    expect(spec.config).toMatchObject({
      method: "apts",
      ranks: 3,
      subdomains: 2,
      batches: 2,
      epochs: 9,
      threads: threadsOf(out),
    });
    expect(spec.config.methodOptions).toMatchObject({ localSteps: 2 });
    expect(maxRestarts).toBe(2);
  });

  it("lets the command line win, also where the run will refuse it", async () => {
    const out = await begunRun();
    const { config } = (await plan({ resume: out, ranks: "1", threads: "1", method: "adam" })).spec;
    expect(config).toMatchObject({ method: "adam", ranks: 1, threads: 1, subdomains: 2 });
    expect(config.methodOptions).not.toHaveProperty("localSteps");
  });

  it.each([
    [{ resume: "nowhere" }, /Expected --resume to name the folder of a run, but nowhere has no config\.json/],
    [{ resume: "test", out: "x" }, /has no config\.json/],
    [{ autoResume: true }, /Expected --out with --auto-resume/],
    [{ maxRestarts: "-1" }, /Expected --max-restarts to be a whole number from 0 to 1000000, got "-1"/],
    [{ checkpointEvery: "0" }, /Expected --checkpoint-every to be a whole number from 1 /],
  ])("%j is refused", async (values, message) => {
    await expect(plan(values)).rejects.toThrow(message);
  });

  it("with another --out is refused", async () => {
    const out = await begunRun();
    await expect(plan({ resume: out, out: "elsewhere" })).rejects.toThrow(
      `Expected --resume without --out, since a run goes on in its own folder; got --resume ${out} and --out elsewhere.`,
    );
  });
});

describe("how the tasks of a SLURM step join", () => {
  it("comes from the command line", () => {
    const given = (values: Values) => joinOptions([{ source: { kind: "command line" }, values }]);
    expect(given({})).toEqual({ timeoutSeconds: 300, insecure: false, sharedMemory: true });
    expect(given({ timeout: "5", insecure: true, sharedMemory: false, epochs: "3" })).toEqual({
      timeoutSeconds: 5,
      insecure: true,
      sharedMemory: false,
    });
  });
});

describe("the same command line again", () => {
  beforeEach(() => {
    process.env["SLURM_RESTART_COUNT"] = "1";
  });
  afterEach(() => {
    delete process.env["SLURM_RESTART_COUNT"];
  });

  it("goes on after a requeue with the subdomains it had, by other ranks", async () => {
    const out = await begunRun();
    const source = {
      source: { kind: "command line" },
      values: { out, method: "apts", epochs: "5" },
    } as const;
    const { config, beginning } = await planTask([source], 4);
    expect(beginning).toBe("resume or new");
    expect(config).toMatchObject({ ranks: 4, subdomains: 2, threads: threadsOf(out), epochs: 5 });
  });

  it("begins after a requeue where nothing has begun", async () => {
    const out = join(temporaryFolder(), "run");
    const { spec } = await plan({ out, ranks: "2" });
    expect(spec).toMatchObject({ out, beginning: "resume or new", config: { ranks: 2, subdomains: 2 } });
  });

  it("goes on with --auto-resume, and begins without", async () => {
    delete process.env["SLURM_RESTART_COUNT"];
    const out = await begunRun();
    expect((await plan({ out, autoResume: true })).spec).toMatchObject({
      beginning: "resume or new",
      config: { method: "apts" },
    });
    expect((await plan({ out, ranks: "1" })).spec).toMatchObject({
      beginning: "new",
      config: { method: "sapts" },
    });
  });
});
