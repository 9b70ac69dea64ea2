import { readdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import type { Trial } from "../../src/arena/trial.js";
import { usableCores } from "../../src/host/cores.js";
import { runApts, startApts, temporaryFolder, writeModule } from "../helpers/apts.js";
import { ROOT } from "../helpers/built.js";

const SMALL = "trainSamples: 300, testSamples: 100, hidden: [8]";
const TARGETS = "targets: [{ metric: testAccuracy, value: 0.9 }]";
/** What makes a run of the digits longer than it takes to look at it. */
const ENDLESS = "budget: { seconds: 1000 }, evaluate: 10";

function write(folder: string, text: string): [file: string, out: string] {
  const file = join(folder, "arena.yaml");
  writeFileSync(file, text);
  return [file, join(folder, "out")];
}

const parsed = (path: string): unknown => JSON.parse(readFileSync(path, "utf8"));
const compared = (out: string) => parsed(join(out, "trials.json")) as readonly Trial[];
const finished = (out: string): string[] => readdirSync(join(out, "trials")).sort();
const times = (out: string) => finished(out).map((name) => statSync(join(out, "trials", name)).mtimeMs);

describe("apts compare", () => {
  it("runs an arena, and what is finished not again", async () => {
    const out = join(temporaryFolder(), "out");
    const args = ["compare", join(ROOT, "examples/arena.yaml"), "--out", out];
    const first = await runApts(args);
    expect(first.stderr).toContain("6/6 done, 0 running\n");
    expect(first.code).toBe(0);
    expect(first.stdout).toMatch(/ (adam .* sapts|sapts .* adam) /s);
    const trials = compared(out);
    expect(trials.map(({ method, candidate, seed }) => [method, candidate["learningRate"], seed])).toEqual(
      [0, 1].flatMap((seed) => [["sapts", undefined, seed], ["adam", 0.001, seed], ["adam", 0.01, seed]]), // prettier-ignore
    );
    for (const { measurements, failure } of trials) {
      expect(failure).toBeUndefined();
      expect(measurements.map(({ epochs }) => epochs)).toEqual([0.25, 0.5, 0.75, 1, 1.25, 1.5, 1.75, 2]);
    }
    const before = times(out);
    const second = await runApts(args);
    expect(second.stderr).toBe("6 trials, 6 of them finished before\n");
    expect(second.stdout).toBe(first.stdout);
    expect(times(out)).toEqual(before);
  }, 300_000);

  it("records why a trial has failed, and runs the others", async () => {
    const [file, out] = write(
      temporaryFolder(),
      `seeds: [0]
workloads: { digits: { train: { ${SMALL}, batches: 3 }, budget: { epochs: 2 }, ${TARGETS} } }
methods: { bad: { method: sgd, learningRate: 1.0e+30 }, sgd: }`,
    );
    const { code, stdout, stderr } = await runApts(["compare", file, "--out", out]);
    expect(code).toBe(0);
    const [bad, good] = compared(out);
    expect(bad?.failure).toMatch(/not finite/);
    expect(good).toMatchObject({ method: "sgd", measurements: [{ epochs: 1 }, { epochs: 2 }] });
    expect(stderr).toContain(`digits, bad, seed 0 failed: ${bad!.failure!.split("\n")[0]!}`);
    expect(stdout).toContain("1 trial failed");
    const again = await runApts(["compare", file, "--out", out]);
    expect(again.stderr).toBe("2 trials, 2 of them finished before\n");
  }, 300_000);

  it("ends with an error where all trials failed, or none measured what a target asks for", async () => {
    const workload = (targets: string) =>
      `{ train: { ${SMALL}, batches: 3 }, budget: { epochs: 1 }, ${targets} }`;
    const run = async (targets: string, methods: string) => {
      const [file, out] = write(
        temporaryFolder(),
        `seeds: [0]\nworkloads: { digits: ${workload(targets)} }\nmethods: ${methods}`,
      );
      return runApts(["compare", file, "--out", out]);
    };
    const failed = await run(TARGETS, "{ bad: { method: sgd, learningRate: 1.0e+30 } }");
    expect(failed.code).toBe(1);
    expect(failed.stdout).toMatch(/testAccuracy ≥ 0.9.*1 trial failed/s);
    const missed = await run("targets: [{ metric: speed, value: 1, direction: max }]", "{ sgd: }");
    expect(missed.code).toBe(1);
    expect(missed.stderr).toMatch(
      /apts: Expected trials of workload digits to measure speed, .* got loss, testLoss/,
    );
    expect(missed.stdout).toContain("speed ≥ 1");
  }, 300_000);

  it("stopped by SIGINT or SIGTERM ends its trials, and goes on with them", async () => {
    const folder = temporaryFolder();
    const arena = `seeds: [0]
workloads: { digits: { train: { ${SMALL}, batches: 3 }, ${ENDLESS}, ${TARGETS} } }
methods: { adam: , sgd: }`;
    const [file, out] = write(folder, arena);
    const apts = startApts(["compare", file, "--out", out, "--jobs", "1"]);
    const lines = () => {
      const [run] = readdirSync(join(out, "runs")).filter((name) => !name.endsWith(".json"));
      return run === undefined ? "" : readFileSync(join(out, "runs", run, "metrics.jsonl"), "utf8");
    };
    await expect.poll(() => { try { return lines(); } catch { return ""; } }, { timeout: 60_000 }).toContain("\n"); // prettier-ignore
    apts.process.kill("SIGINT");
    const ended = await apts.finished;
    expect(ended.code).toBe(130);
    expect(ended.stderr).toContain(`apts compare ${file} goes on from here.`);
    expect(finished(out)).toEqual([]);
    const made = lines().split("\n").length;
    // It would go on for long: a second start goes on in the same run, and is stopped as well.
    const more = startApts(["compare", file, "--out", out, "--jobs", "1"]);
    await expect.poll(() => lines().split("\n").length, { timeout: 60_000 }).toBeGreaterThan(made + 1);
    more.process.kill("SIGTERM");
    expect((await more.finished).code).toBe(143);
  }, 300_000);

  it.skipIf(usableCores() < 2)(
    "gives trials that run at once cores of their own",
    async () => {
      const folder = temporaryFolder();
      const model = writeModule(
        folder,
        `import { appendFileSync, readFileSync } from "node:fs";
      const allowed = /^Cpus_allowed_list:\\s*(\\S+)$/m.exec(readFileSync("/proc/self/status", "utf8"))[1];
      export function createModel({ tf, sampleShape, classes }) {
        if (process.env.APTS_RUN) appendFileSync(${JSON.stringify(join(folder, "cpus"))}, allowed + "\\n");
        return tf.sequential({ layers: [
          tf.layers.flatten({ inputShape: sampleShape }),
          tf.layers.dense({ units: classes, kernelInitializer: tf.initializers.glorotNormal({ seed: 7 }) }),
        ] });
      }`,
      );
      const [file, out] = write(
        folder,
        `seeds: [0, 1]
workloads: { own: { train: { trainSamples: 100, testSamples: 50, model: ${model} }, budget: { epochs: 1 }, ${TARGETS} } }
methods: { adam: }`,
      );
      expect((await runApts(["compare", file, "--out", out])).code).toBe(0);
      const cpus = readFileSync(join(folder, "cpus"), "utf8").trim().split("\n");
      expect(new Set(cpus).size).toBe(2);
      for (const list of cpus) expect(list).toMatch(/^\d+$/); // one each
    },
    300_000,
  );

  it("says what is wrong with a file, and that two arenas want one folder", async () => {
    const [file, out] = write(temporaryFolder(), "workload: {}");
    const { code, stderr } = await runApts(["compare", file, "--out", out]);
    expect(code).toBe(2);
    expect(stderr).toBe(
      `apts: Expected the name of an option in ${file}, got "workload". Did you mean "workloads"?\n`,
    );
  });
});
