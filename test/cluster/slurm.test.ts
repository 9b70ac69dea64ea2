import {
  chmodSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { join, resolve } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { afterEach, expect, it } from "vitest";
import { expandNodelist } from "../../src/rank/starters/nodelist.js";
import type { SweepRecord } from "../../src/sweep/record.js";
import { APTS, runApts, SMALL } from "../helpers/apts.js";
import { mark, marked } from "../helpers/launcher/launcher.js";
import { describeOnHosts, fixture, type Outcome } from "../helpers/cluster/bed.js";
import {
  DISTURBED,
  epochsIn,
  expectIdle,
  expectModel,
  expectSuccess,
  LONG,
  newFolder,
  RUN,
  train,
} from "../helpers/cluster/training.js";

const TIME = { timeout: 300_000 };
const scripts = resolve("hosts");

await describeOnHosts("ranks in SLURM jobs", { hosts: 2, gpus: 2, slurm: true }, (bed) => {
  const login = (...command: readonly string[]): Promise<Outcome> => bed.run("login", command);
  /** `srun` with these options runs a program of Node. */
  const srun = (options: string, ...program: string[]): Promise<Outcome> =>
    login("srun", ...options.split(" "), "--kill-on-bad-exit=1", process.execPath, ...program);
  const lines = ({ stdout }: { stdout: string }): string[] => stdout.trim().split("\n").sort();

  afterEach(async () => {
    await login("scancel", "--user=root");
    await until("no job is left", async () => (await login("squeue", "-h")).stdout === "");
    await expectIdle(bed, ["n1", "n2"], 5);
  });

  async function until(
    what: string,
    condition: () => Promise<boolean> | boolean,
    seconds = 60,
  ): Promise<void> {
    const deadline = Date.now() + seconds * 1000;
    while (!(await condition())) {
      if (Date.now() > deadline) throw new Error(`Expected that ${what} within ${seconds} s.`);
      await sleep(100);
    }
  }

  /** A folder where the built program is found as where the package is installed. */
  function project(): string {
    const folder = newFolder();
    mkdirSync(join(folder, "node_modules", ".bin"), { recursive: true });
    chmodSync(APTS, 0o755);
    symlinkSync(APTS, join(folder, "node_modules", ".bin", "apts"));
    return folder;
  }

  /** Submits a job script in `folder`; resolves with the job's id. */
  async function sbatch(
    folder: string,
    options: readonly string[],
    ...script: readonly string[]
  ): Promise<string> {
    const outcome = await login(
      "sbatch",
      "--parsable",
      `--chdir=${folder}`,
      "--output=log",
      ...options,
      ...script,
    );
    expectSuccess(outcome);
    return outcome.stdout.trim();
  }

  const logOf = (folder: string): string => {
    const file = join(folder, "log");
    return existsSync(file) ? readFileSync(file, "utf8") : "";
  };
  const lastCheckpoint = (out: string): number =>
    Math.max(
      ...readdirSync(join(out, "checkpoints")).map((name) => Number(/^epoch-(\d+)/.exec(name)?.[1] ?? 0)),
    );
  /** Resolves when a run has written its second checkpoint, or a later one: old ones go as new ones come. */
  const checkpointed = (out: string) =>
    until(
      "there is a second checkpoint",
      () => existsSync(join(out, "checkpoints")) && lastCheckpoint(out) >= 2,
    );
  /** Resumes a run that has ended, for some epochs more than it has made. */
  async function expectResumed(out: string): Promise<void> {
    const epochs = epochsIn(out) + 5;
    expectSuccess(await srun("-N1 -n2", ...train("--resume", out, "--epochs", String(epochs)).slice(1)));
    await expectModel(out, epochs);
  }
  const ended = (job: string) =>
    until(
      `job ${job} has ended`,
      async () => (await login("squeue", "-h", "-j", job)).stdout.trim() === "",
      120,
    );
  const stateOf = async (job: string): Promise<string> =>
    /JobState=(\w+)/.exec((await login("scontrol", "show", "job", job)).stdout)?.[1] ?? "unknown";

  it("expands lists of nodes as SLURM does", async () => {
    for (const list of ["n1", "n[1-2]", "gpu[001-003,10],login", "r[1-2]n[09-10]"]) {
      expect(expandNodelist(list)).toEqual(
        (await login("scontrol", "show", "hostnames", list)).stdout.trim().split("\n"),
      );
    }
  });

  it("seals by munge for the same user alone, and for one reading", async () => {
    const sealed = (await login(process.execPath, fixture("seal.mjs"), "seal", "the key")).stdout;
    expect(sealed).not.toContain("the key");
    const open = (...as: string[]) => login(...as, process.execPath, fixture("seal.mjs"), "open", sealed);
    expect((await open("setpriv", "--reuid=65534", "--clear-groups", "--")).stderr).toMatch(/Unauthorized/);
    expect((await open()).stdout).toBe("the key");
    expect((await open()).stderr).toMatch(/exit code 17/); // EMUNGE_CRED_REPLAYED
    const forged = (
      await login("setpriv", "--reuid=65534", "--clear-groups", "--", "munge", "-s", "a false key")
    ).stdout;
    const opened = await login(process.execPath, fixture("seal.mjs"), "open", forged);
    expect(opened.stderr).toMatch(/Expected a credential of user 0, got one of 65534/);
  });

  it("gives each rank a GPU, however SLURM was asked for them", async () => {
    const placesWith = async (options: string) =>
      lines(await srun(`-N2 -n4 --ntasks-per-node=2 ${options}`, fixture("place.mjs"))).map(
        (line) => JSON.parse(line) as unknown,
      );
    const place = (rank: number) => ({ rank, localRank: rank % 2, localSize: 2, gpu: String(rank % 2) });
    const places = [0, 1, 2, 3].map(place);
    const byLocalRank = [places[0], places[2], places[1], places[3]];
    const sorted = (list: unknown[]): unknown[] => list.map((item) => JSON.stringify(item)).sort();
    expect(sorted(await placesWith("--gpus-per-node=2"))).toEqual(sorted(byLocalRank));
    expect(sorted(await placesWith("--gpus-per-task=1"))).toEqual(sorted(byLocalRank));
  });

  it("lets any program's ranks talk, on one node or two, three ranks or two", TIME, async () => {
    expect(lines(await srun("-N2 -n3", fixture("sum.mjs")))).toEqual([
      "sum 6 on n1",
      "sum 6 on n1",
      "sum 6 on n2",
    ]);
    // SLURM gives the other node where the step before has not left the first.
    expect(["n1", "n2"].map((node) => [`sum 3 on ${node}`, `sum 3 on ${node}`])).toContainEqual(
      lines(await srun("-N1 -n2", fixture("sum.mjs"))),
    );
  });

  it(
    "needs no munge where a secret was set before srun, and says so where there is neither",
    TIME,
    async () => {
      const without = `export PATH=${fixture("without-munge")}:$PATH; exec ${process.execPath} ${fixture("sum.mjs")}`;
      // Each task fails by itself: one that srun ends for the other's sake may lose its last words.
      const failed = await login("srun", "-N2", "-n2", "bash", "-c", without);
      expect(failed.stderr).toMatch(/Expected munge to work on n\d.*\n.*export APTS_JOB_KEY=/);
      const secret = await login(
        "env",
        "APTS_JOB_KEY=0123456789abcdef",
        "srun",
        "-N2",
        "-n2",
        "bash",
        "-c",
        without,
      );
      expect(lines(secret)).toEqual(["sum 3 on n1", "sum 3 on n2"]);
    },
  );

  it("trains under srun as one rank does alone", TIME, async () => {
    const out = join(newFolder(), "run");
    expectSuccess(await srun("-N2 -n3", ...train(...RUN, "--epochs", "4", "--out", out).slice(1)));
    await expectModel(out, 4);
  });

  it("ends as a whole when a task is killed, and goes on from there", TIME, async () => {
    const out = join(newFolder(), "run");
    const marks = mark();
    const command = [
      "srun",
      "-N2",
      "-n3",
      "--kill-on-bad-exit=1",
      ...train(...RUN, "--epochs", String(LONG), "--out", out),
    ];
    const running = bed.run("login", command, marks);
    await checkpointed(out);
    process.kill(marked({ ...marks, SLURM_PROCID: "2" })[0]!, "SIGKILL");
    expect((await running).code).toBe(137);
    await expectIdle(bed, ["n1", "n2"], 10);
    await expectResumed(out);
  });

  it.each([
    ["single-node.sbatch", ["--ntasks-per-node=3"]],
    [
      "multi-node-gpus.sbatch",
      ["--nodes=2", "--ntasks-per-node=2", "--gpus-per-node=2", "--cpus-per-task=1"],
    ],
    ["preemptible.sbatch", ["--ntasks-per-node=2"]],
  ])("hosts/%s runs", TIME, async (script, options) => {
    const folder = project();
    const job = await sbatch(folder, options, join(scripts, script), ...RUN, "--epochs", "4");
    await ended(job);
    expect(await stateOf(job), logOf(folder)).toBe("COMPLETED");
    await expectModel(join(folder, "runs", `job-${job}`), 4);
  });

  it("hosts/scaling-array.sbatch runs on each number of ranks, to the same model", TIME, async () => {
    const folder = project();
    const options = ["--ntasks=3", "--array=1-3", "--output=log"];
    const job = await sbatch(folder, options, join(scripts, "scaling-array.sbatch"), ...RUN, "--epochs", "4");
    await ended(job);
    const outs = [1, 2, 3].map((ranks) => join(folder, "runs", `scaling-${job}-${ranks}`));
    for (const out of outs) await expectModel(out, 4);

    // The report that the script's head names: a line for each number of ranks, all of one accuracy.
    const picture = join(folder, "curves.svg");
    const { code, stdout } = await runApts(["report", ...outs, "--markdown", "--out", picture]);
    expect(code).toBe(0);
    const accuracy = /^\| apts ranks 1 \| ([\d.]+) \|/m.exec(stdout)?.[1];
    for (const ranks of [1, 2, 3]) {
      expect(stdout).toMatch(new RegExp(`^\\| apts ranks ${ranks} \\| ${accuracy} \\|`, "m"));
      expect(readFileSync(picture, "utf8")).toContain(`>apts ranks ${ranks}<`);
    }
  });

  /** Starts a requeued job now: SLURM lets it wait for a while, lest it fail again at once. */
  async function hasten(job: string): Promise<void> {
    await until("the job is back in the queue", async () => (await stateOf(job)) === "PENDING");
    await sleep(2000); // what is still heard of its first start would be taken for news of the second
    expectSuccess(await login("scontrol", "update", `jobid=${job}`, "StartTime=now", "TimeLimit=10"));
  }

  it("goes on by itself after scontrol requeue", TIME, async () => {
    const folder = project();
    const job = await sbatch(
      folder,
      ["--ntasks-per-node=2"],
      join(scripts, "preemptible.sbatch"),
      ...RUN,
      "--epochs",
      String(DISTURBED),
    );
    const out = join(folder, "runs", `job-${job}`);
    await checkpointed(out);
    expectSuccess(await login("scontrol", "requeue", job));
    await hasten(job);
    await ended(job);
    expect(await stateOf(job), logOf(folder)).toBe("COMPLETED");
    await expectModel(out, DISTURBED);
  });

  it("writes a checkpoint when cancelled", TIME, async () => {
    const folder = project();
    const job = await sbatch(
      folder,
      ["--nodes=2", "--ntasks-per-node=2", "--gpus-per-node=2", "--cpus-per-task=1"],
      join(scripts, "multi-node-gpus.sbatch"),
      ...RUN,
      "--epochs",
      String(LONG),
    );
    const out = join(folder, "runs", `job-${job}`);
    await checkpointed(out);
    expectSuccess(await login("scancel", job));
    await ended(job);
    expect(await stateOf(job)).toBe("CANCELLED");
    expect(lastCheckpoint(out)).toBe(epochsIn(out));
    expect(logOf(folder)).toMatch(`apts train --resume runs/job-${job} goes on from here.`);
    await expectResumed(out);
  });

  it("writes a checkpoint before the time limit: on SLURM's warning, and without one", TIME, async () => {
    // Of a method that goes on where nothing is left to learn.
    const method = ["--method", "sgd", "--batches", "1", "--tolerance", "0", "--epochs", "1000000"];
    const endless = [...SMALL, ...method, "--threads", "1", "--checkpoint-every", "1"];
    const options = ["--nodes=1", "--ntasks-per-node=2", "--time=1"];
    const [warned, unwarned] = [project(), project()];
    const jobs = {
      // Has --signal=USR1@120, and goes back to the queue by itself.
      warned: await sbatch(warned, options, join(scripts, "preemptible.sbatch"), ...endless),
      unwarned: await sbatch(unwarned, [
        ...options,
        `--wrap=srun node_modules/.bin/apts train --out run ${endless.join(" ")}`,
      ]),
    };
    await until("the warning comes", () => logOf(warned).includes("goes on from here"));
    await hasten(jobs.warned);
    await until("it goes on", () => /goes on after epoch[^]*\nepoch /.test(logOf(warned)));
    expectSuccess(await login("scancel", jobs.warned));

    await ended(jobs.unwarned);
    const run = join(unwarned, "run");
    expect(await stateOf(jobs.unwarned)).toBe("FAILED"); // it ends with 143
    expect(logOf(unwarned)).toMatch("apts train --resume run goes on from here.");
    expect(logOf(unwarned)).not.toMatch(/CANCELLED|TIME LIMIT/);
    expect(lastCheckpoint(run)).toBe(epochsIn(run));
  });

  it("apts submit writes a job script and submits it", TIME, async () => {
    const out = join(newFolder(), "run");
    const submitted = await login(
      process.execPath,
      APTS,
      "submit",
      "--nodes",
      "2",
      "--gpus-per-node",
      "2",
      ...RUN,
      "--epochs",
      "4",
      "--out",
      out,
    );
    expectSuccess(submitted);
    const [, job] = /^Submitted job (\d+):/.exec(submitted.stdout)!;
    await ended(job!);
    expect(await stateOf(job!), readFileSync(`${out}.log`, "utf8")).toBe("COMPLETED");
    await expectModel(out, 4);
  });

  it("apts sweep --submit runs an array of jobs, and the same command writes the report", TIME, async () => {
    const folder = newFolder();
    const [file, out] = [join(folder, "sweep.yaml"), join(folder, "out")];
    const base = "data: digits, trainSamples: 300, testSamples: 100, hidden: [8], epochs: 2, ranks: 2";
    writeFileSync(file, `base: { ${base} }\nparameters: { method: [adam, sgd], seed: [0, 1] }\n`);
    const sweep = [process.execPath, APTS, "sweep", file, "--out", out];
    const submitted = await login(...sweep, "--submit", "--jobs", "2");
    expectSuccess(submitted);
    const [, job] = /^Submitted job array (\d+) of 4 runs:/.exec(submitted.stdout)!;
    await ended(job!);
    const log = (name: string) => readFileSync(join(out, "runs", `${name}.log`), "utf8");
    const { runs } = JSON.parse(readFileSync(join(out, "sweep.json"), "utf8")) as SweepRecord;
    expect(runs.map(({ state }) => state)).toEqual(Array(4).fill("finished"));
    expect(readFileSync(join(out, "runs.csv"), "utf8").trim().split("\n").length).toBe(5);
    for (const { name } of runs) {
      expect(existsSync(join(out, "runs", name, "summary.json")), log(name)).toBe(true);
      expect(log(name)).toMatch(/ on digits: 300 \+ 100 samples.* 2 ranks/);
    }
    expect((await login(...sweep, "--submit")).stdout).toBe("All 4 runs are finished.\n");
    const reported = await login(...sweep);
    expectSuccess({ ...reported, stderr: "" });
    expect(reported.stderr).toBe("4 runs, 4 of them finished before\n");
    expect(readFileSync(join(out, "report.md"), "utf8")).toContain("| adam | ");
  });

  it("a submitted sweep's table grows while its jobs go on, and says why one failed", TIME, async () => {
    const folder = newFolder();
    const [file, out] = [join(folder, "sweep.yaml"), join(folder, "out")];
    const base = "data: digits, trainSamples: 300, testSamples: 100, hidden: [8], batches: 1, tolerance: 0";
    const runs = "[{ epochs: 2 }, { epochs: 3, learningRate: 1.0e+30 }, { epochs: 1000000 }]";
    writeFileSync(file, `base: { ${base}, method: sgd }\nruns: ${runs}\n`);
    const sweep = [process.execPath, APTS, "sweep", file, "--out", out];
    expectSuccess(await login(...sweep, "--submit"));
    const states = () =>
      (JSON.parse(readFileSync(join(out, "sweep.json"), "utf8")) as SweepRecord).runs.map(
        ({ state }) => state,
      );
    await until("two runs are in the table", () => !states().slice(0, 2).includes("open"), 120);
    expect(states()).toEqual(["finished", "failed", "open"]);
    const table = readFileSync(join(out, "runs.csv"), "utf8").trim().split("\n");
    expect(table.length).toBe(3);
    expect(table[2]).toMatch(/not finite|finite loss/);
  });
});
