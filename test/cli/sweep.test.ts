import { existsSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import papa from "papaparse";
import { describe, expect, it } from "vitest";
import type { SweepRecord } from "../../src/sweep/record.js";
import { runApts, startApts, temporaryFolder } from "../helpers/apts.js";
import { ROOT } from "../helpers/built.js";
import { recordIn, summaryIn } from "../helpers/run-folder.js";

const SMALL = "data: digits, trainSamples: 300, testSamples: 100, hidden: [8]";

function write(text: string): [file: string, out: string] {
  const folder = temporaryFolder();
  const file = join(folder, "sweep.yaml");
  writeFileSync(file, text);
  return [file, join(folder, "out")];
}

const sweepIn = (out: string) => JSON.parse(readFileSync(join(out, "sweep.json"), "utf8")) as SweepRecord;
const tableIn = (out: string) =>
  papa.parse<Record<string, string>>(readFileSync(join(out, "runs.csv"), "utf8"), {
    header: true,
    skipEmptyLines: true,
  }).data;

describe("apts sweep", () => {
  it("trains with all combinations, and what is finished not again", async () => {
    const [file, out] = write(
      `base: { ${SMALL}, epochs: 2 }\nparameters: { method: [adam, sgd], seed: [0, 1] }`,
    );
    const first = await runApts(["sweep", file, "--out", out]);
    expect(first.stderr).toContain("4/4 done, 0 running\n");
    expect(first.code).toBe(0);
    const { runs } = sweepIn(out);
    expect(runs.map(({ options, state }) => [options["method"], options["seed"], state])).toEqual(
      [0, 1].flatMap((seed) => ["adam", "sgd"].map((method) => [method, seed, "finished"])),
    );
    const table = tableIn(out);
    runs.forEach(({ name, options }, index) => {
      const folder = join(out, "runs", name);
      expect(recordIn(folder).options).toMatchObject({
        methodName: options["method"],
        seed: options["seed"],
      });
      const { loss, testAccuracy, epochs } = summaryIn(folder);
      expect(epochs).toBe(2);
      expect(table[index]).toMatchObject({
        run: name,
        seed: String(options["seed"]),
        loss: String(loss),
        testAccuracy: String(testAccuracy),
      });
    });
    const times = () => runs.map(({ name }) => statSync(join(out, "runs", name, "summary.json")).mtimeMs);
    const before = times();
    const second = await runApts(["sweep", file, "--out", out]);
    expect(second.stderr).toBe("4 runs, 4 of them finished before\n");
    expect(second.code).toBe(0);
    expect(times()).toEqual(before);
    expect(second.stdout).toBe(first.stdout);
    expect(first.stdout).toMatch(/ adam .* sgd .*report in .*report\.html\n$/s);
    const picture = readFileSync(join(out, "curves.svg"), "utf8");
    for (const text of ["adam", "sgd", "(median and quartiles of 2 runs)"])
      expect(picture).toContain(`>${text}<`);
    expect(readFileSync(join(out, "report.md"), "utf8")).toMatch(
      /^# sweep: Training on .*\n\n!\[curves\]\(curves\.svg\)\n/,
    );
    expect(readFileSync(join(out, "report.html"), "utf8")).toContain("<title>sweep: Training on ");
    const report = await runApts([
      "report",
      out,
      "--out",
      join(out, "again.svg"),
      "--csv",
      join(out, "again.csv"),
    ]);
    expect(report.code).toBe(0);
    const rows = papa.parse<Record<string, string>>(readFileSync(join(out, "again.csv"), "utf8"), { header: true, skipEmptyLines: true }).data; // prettier-ignore
    expect(rows.map((row) => row["testAccuracy"])).toEqual(table.map((row) => row["testAccuracy"]));
    expect(rows.map((row) => row["name"])).toEqual(["adam", "sgd", "adam", "sgd"]);
  });

  it("records why a run has failed, runs the others, and runs it again when it is asked to", async () => {
    const [file, out] = write(
      `base: { ${SMALL}, batches: 3, epochs: 2 }\nruns: [{ method: sgd, learningRate: 1.0e+30 }, { method: sgd }]`,
    );
    const { code, stderr } = await runApts(["sweep", file, "--out", out]);
    expect(code).toBe(1);
    const [bad, good] = sweepIn(out).runs;
    expect(bad).toMatchObject({
      state: "failed",
      failure: expect.stringMatching(/not finite|finite loss/) as string,
    });
    expect(good).toMatchObject({ state: "finished" });
    expect(stderr).toContain(`method sgd, learning-rate 1e+30 failed: ${bad!.failure!}\n`);
    expect(stderr).toContain(`apts: 1 run of 2 failed: ${join(out, "runs.csv")} says why.`);
    expect(tableIn(out)[0]!["failure"]).toBe(bad!.failure);
    expect(readFileSync(join(out, "report.md"), "utf8")).toMatch(/^# .*, without 1 run that failed\n/);
    const again = await runApts(["sweep", file, "--out", out]);
    expect(again.code).toBe(1);
    expect(again.stderr).toMatch(/^2 runs, 1 of them finished before\n.* failed: /);
  });

  it("stopped by SIGINT or SIGTERM ends its runs, and goes on with them", async () => {
    const [file, out] = write(
      `base: { ${SMALL}, batches: 3, epochs: 1000000 }\nparameters: { method: [adam, sgd] }`,
    );
    const apts = startApts(["sweep", file, "--out", out, "--jobs", "1"]);
    const lines = () => {
      const runs = existsSync(join(out, "runs")) ? readdirSync(join(out, "runs")) : [];
      const metrics = runs
        .map((name) => join(out, "runs", name, "metrics.jsonl"))
        .filter((path) => existsSync(path));
      return metrics.map((path) => readFileSync(path, "utf8").split("\n").length - 1);
    };
    await expect.poll(lines, { timeout: 60_000 }).toEqual([expect.any(Number)]);
    await expect.poll(() => lines()[0], { timeout: 60_000 }).toBeGreaterThan(0);
    apts.process.kill("SIGINT");
    const ended = await apts.finished;
    expect(ended.code).toBe(130);
    expect(ended.stderr).toContain(`apts sweep ${file} goes on from here.`);
    expect(sweepIn(out).runs.map(({ state }) => state)).toEqual(["open", "open"]);
    const [made] = lines();
    const more = startApts(["sweep", file, "--out", out, "--jobs", "1"]);
    await expect.poll(() => lines()[0], { timeout: 60_000 }).toBeGreaterThan(made! + 1);
    more.process.kill("SIGTERM");
    expect((await more.finished).code).toBe(143);
    expect(lines()).toHaveLength(1);
  });

  it("gives runs side by side GPUs of their own", async () => {
    const folder = temporaryFolder();
    const model = join(folder, "model.mjs");
    writeFileSync(
      model,
      `import { appendFileSync } from "node:fs";
      export function createModel({ tf, sampleShape, classes }) {
        if (process.env.APTS_RUN) appendFileSync(${JSON.stringify(join(folder, "gpus"))}, process.env.CUDA_VISIBLE_DEVICES + "\\n");
        return tf.sequential({ layers: [
          tf.layers.flatten({ inputShape: sampleShape }),
          tf.layers.dense({ units: classes, kernelInitializer: tf.initializers.glorotNormal({ seed: 7 }) }),
        ] });
      }`,
    );
    const [file, out] = write(
      `base: { data: digits, trainSamples: 60, testSamples: 20, model: ${model}, epochs: 1, method: adam }\nparameters: { seed: [0, 1] }`,
    );
    const { code, stderr } = await runApts(["sweep", file, "--out", out, "--jobs", "2"], {
      environment: { CUDA_VISIBLE_DEVICES: "3,GPU-5" },
    });
    expect(code, stderr).toBe(0);
    expect(readFileSync(join(folder, "gpus"), "utf8").trim().split("\n").sort()).toEqual(["3", "GPU-5"]);
  });

  it("does not take the folder of a run for its own", async () => {
    const [file, out] = write(`base: { ${SMALL} }`);
    mkdirSync(out);
    writeFileSync(join(out, "config.json"), "{}");
    for (const command of ["sweep", "compare"]) {
      const text = command === "sweep" ? file : join(ROOT, "examples/arena.yaml");
      const { code, stderr } = await runApts([command, text, "--out", out]);
      expect([code, stderr]).toEqual([
        2,
        `apts: Expected --out to be a folder for many runs, but ${out} holds an unfinished run of its own. Choose another folder.\n`,
      ]);
    }
    expect(readdirSync(out)).toEqual(["config.json"]);
  });

  it("starts nothing where a run would be refused", async () => {
    const [file, out] = write(`base: { ${SMALL} }\nparameters: { method: [sgd, lbfgs], momentum: [0.5] }`);
    const { code, stderr } = await runApts(["sweep", file, "--out", out]);
    expect(code).toBe(2);
    expect(stderr).toMatch(/^apts: Expected .*momentum.* \(run with method lbfgs, momentum 0\.5\)\n$/);
    expect(existsSync(out)).toBe(false);
  });

  it.each([
    [["--partition", "gpu"], "Expected --submit with --partition, which is SLURM's"],
    [["--hosts", "x", "--jobs", "2"], "Expected --jobs without --hosts"],
    [["--hosts", "x", "--submit"], "Expected --hosts without --submit"],
    [
      ["--submit", "--nodes", "2"],
      "Expected --nodes times --ranks-per-node to be 1, the ranks of each run, got 2",
    ],
  ])("refuses %s", async (args, message) => {
    const [file, out] = write(`base: { ${SMALL} }`);
    const { code, stderr } = await runApts(["sweep", file, "--out", out, ...args]);
    expect([code, stderr]).toEqual([2, expect.stringContaining(message)]);
    expect(existsSync(out)).toBe(false);
  });

  it("shows the script of an array that it would submit", async () => {
    const [file, out] = write(`base: { ${SMALL}, threads: 3 }\nparameters: { seed: [0, 1] }`);
    const { code, stdout } = await runApts(["sweep", file, "--out", out, "--submit", "--dry-run"]);
    expect(code).toBe(0);
    expect(stdout).toContain("#SBATCH --array=0-1\n");
    expect(stdout).toContain("#SBATCH --cpus-per-task=3\n");
    expect(existsSync(out)).toBe(false);
  });
});
