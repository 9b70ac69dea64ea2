import { cpSync, existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, describe, expect, it } from "vitest";
import type { EpochMetrics } from "../../src/report/metrics.js";
import { runApts, startApts, temporaryFolder, type Finished } from "../helpers/apts.js";
import { accuracyOf } from "../helpers/run/accuracy.js";
import { metrics, recordIn, summaryIn, weights } from "../helpers/run-folder.js";

const PROBLEM =
  "--data digits --train-samples 600 --test-samples 200 --hidden 24,16 --threads 1 --checkpoint-every 1";

function train(options: string, out: string): string[] {
  return `train ${PROBLEM} ${options} --out ${out}`.split(" ");
}

async function trained(options: string): Promise<string> {
  const out = join(temporaryFolder(), "run");
  expectSuccess(await runApts(train(options, out)));
  return out;
}

function expectSuccess({ code, stderr }: Finished): void {
  expect(code, stderr).toBe(0);
}

/** What ranks send depends on their number. */
const compared = (out: string): EpochMetrics[] => metrics(out).map((line) => ({ ...line, bytesSent: 0 }));

const shared = mkdtempSync(join(tmpdir(), "apts-test-"));
const two = join(shared, "two");
let run: Promise<Finished> | undefined;
/** The run that the tests look at; made once. */
async function inTwo(): Promise<string> {
  run ??= runApts(train("--method tr --stages 2 --ranks 2 --epochs 9", two));
  expectSuccess(await run);
  return two;
}
afterAll(() => {
  rmSync(shared, { recursive: true, force: true });
});

describe("a network in stages", () => {
  it("writes a model of the accuracy it reports", async () => {
    const { testAccuracy } = summaryIn(await inTwo());
    expect(testAccuracy).toBeGreaterThan(0.15);
    expect(await accuracyOf(join(two, "model"))).toBeCloseTo(testAccuracy!, 6);
  });

  it("records stages, where they are cut, and micro-batches", async () => {
    const { options, stages } = recordIn(await inTwo());
    expect(options.stages).toBe(2);
    expect(stages!.cut).toEqual([stages!.plan.stages[0]!.layers.at(-1)]);
    expect(stages!.microBatchRows).toBe(150); // of 600, 2 a stage
    expect(stages!.plan.stages.reduce((sum, { parameters }) => sum + parameters, 0)).toBe(
      recordIn(two).parameters,
    );
  });

  it("gives the same numbers with two replicas", async () => {
    const four = await trained("--method tr --stages 2 --ranks 4 --epochs 9");
    expect(compared(four)).toEqual(compared(await inTwo()));
    expect(weights(four).equals(weights(two))).toBe(true);
  });

  it.each(["adam", "tr"])("%s makes what it makes of the whole network, to rounding", async (method) => {
    const options = `--method ${method} --epochs 3${method === "adam" ? " --batch-size 100" : ""}`;
    const [staged, whole] = [
      await trained(`${options} --stages 3 --ranks 3`),
      await trained(`${options} --ranks 1`),
    ];
    const [a, b] = [weights(staged), weights(whole)].map(
      (bytes) => new Float32Array(bytes.buffer, bytes.byteOffset, bytes.length / 4),
    );
    expect(a!.length).toBe(b!.length);
    const difference = Math.max(...a!.map((value, i) => Math.abs(value - b![i]!)));
    const moved = Math.max(...b!.map(Math.abs));
    expect(difference / moved).toBeLessThan(1e-4);
    metrics(staged).forEach((line, epoch) => {
      expect(line.loss).toBeCloseTo(metrics(whole)[epoch]!.loss, 4);
    });
  });

  it("is exported from the parts of its checkpoints", async () => {
    const out = join(temporaryFolder(), "exported");
    const { code, stdout, stderr } = await runApts(["export", await inTwo(), "--out", out]);
    expect(code, stderr).toBe(0);
    expect(stdout).toContain("of 2 stages");
    expect(readFileSync(join(out, "weights.bin")).equals(weights(two))).toBe(true);
    expect(readFileSync(join(out, "model.json"), "utf8")).toBe(
      readFileSync(join(two, "model", "model.json"), "utf8"),
    );
  });

  it("keeps the best model, each stage its own", async () => {
    const out = await trained(
      "--method sgd --learning-rate 0.8 --batch-size 20 --stages 2 --ranks 2 --epochs 6 --keep-best --monitor accuracy",
    );
    expect(await accuracyOf(join(out, "model"))).toBeCloseTo(summaryIn(out).testAccuracy!, 6);
  });
});

describe.each([
  ["walks on mini-batches", "--method iapts --batch-size 100", 4],
  ["solves the stages' problems on the full batch", "--method iapts --batches 1", 6],
  ["solves them on mini-batches", "--method iapts --batch-size 200 --preset published", 4],
  ["looks back on losses", "--method iapts --batches 1 --local-steps 2 --window 3", 6],
])("iapts that %s", (_, options, epochs) => {
  it("has a stage a rank where nothing else is said, lowers the loss, and gives the same resumed with replicas", async () => {
    const whole = await trained(`${options} --ranks 2 --epochs ${epochs}`);
    expect(recordIn(whole).options.stages).toBe(2);
    const losses = metrics(whole).map(({ loss }) => loss);
    expect(losses.at(-1)).toBeLessThan(0.9 * losses[0]!);
    expect(await accuracyOf(join(whole, "model"))).toBeCloseTo(summaryIn(whole).testAccuracy!, 6);

    const half = await trained(`${options} --ranks 2 --epochs ${epochs / 2}`);
    const further = ["--ranks", "4", "--epochs", String(epochs)];
    expectSuccess(await runApts(["train", "--resume", half, ...further]));
    expect(compared(half)).toEqual(compared(whole));
    expect(weights(half).equals(weights(whole))).toBe(true);
  });
});

describe("killed and resumed", () => {
  it("a network in stages ends with the same bytes, on another number of replicas", async () => {
    const options = "--method adam --batch-size 100 --stages 2";
    const killed = join(temporaryFolder(), "killed");
    const begun = startApts(train(`${options} --ranks 2 --epochs 100000`, killed));
    await begun.saw(/epoch +3\//);
    await sleep(Math.random() * 200);
    process.kill(pidOf(killed, 1), "SIGKILL");
    const { code, stderr } = await begun.finished;
    expect(code).toBe(1);
    expect(stderr).toMatch(/Rank 1 .*was killed by SIGKILL/);
    const epochs = String(metrics(killed).length + 5);
    const resumed = await runApts(["train", "--resume", killed, "--ranks", "4", "--epochs", epochs]);
    expectSuccess(resumed);
    expect(resumed.stderr).toMatch(/goes on after/);
    const whole = await trained(`${options} --ranks 2 --epochs ${epochs}`);
    expect(compared(killed)).toEqual(compared(whole));
    expect(weights(killed).equals(weights(whole))).toBe(true);
  });

  it("goes on from the checkpoint before, where a part of the last is missing", async () => {
    const out = join(temporaryFolder(), "run");
    cpSync(await inTwo(), out, { recursive: true });
    const folder = join(out, "checkpoints");
    expect(readdirSync(folder)).toHaveLength(9);
    rmSync(join(folder, "epoch-9.ckpt.stage-2-of-2"));
    rmSync(join(out, "model"), { recursive: true });
    const resumed = await runApts(["train", "--resume", out]);
    expectSuccess(resumed);
    expect(resumed.stderr).toMatch(/epoch-9\.ckpt\.stage-2-of-2.* The one before is used\./s);
    expect(resumed.stderr).toMatch(/goes on after epoch 8/);
    expect(compared(out)).toEqual(compared(two));
    expect(weights(out).equals(weights(two))).toBe(true);
  });

  it("is refused with other stages", async () => {
    const resume = ["train", "--resume", await inTwo(), "--stages", "1", "--epochs", "10"];
    const { code, stderr } = await runApts(resume);
    expect(code).toBe(2);
    expect(stderr).toContain("--stages 1 instead of 2");
  });
});

describe("a network that a rank cannot hold", () => {
  const large = `--hidden ${Array.from({ length: 10 }, () => 1024).join()} --train-samples 24 --batch-size 8 --epochs 1 --method sgd`;

  it("trains in stages that fit, in fewer micro-batches where memory for their sums is scarce", async () => {
    const rowsWith = async (memory: number) => {
      const out = await trained(`${large} --stages 4 --ranks 4 --memory ${memory}`);
      const { stages } = recordIn(out);
      expect(Math.max(...stages!.bytes)).toBeLessThanOrEqual(memory * 2 ** 20);
      expect(summaryIn(out).parameters).toBeGreaterThan(10e6);
      return stages!.microBatchRows;
    };
    expect(await rowsWith(400)).toBe(1);
    expect(await rowsWith(80)).toBe(4);
  });

  it.each([
    [
      "whole",
      "--ranks 1",
      /the network to take 80 MB of a rank at most, .* take \d+ MB\. Give --stages [4-9],/,
    ],
    [
      "in too few stages",
      "--ranks 2 --stages 2",
      /each of 2 stages to take 80 MB of a rank at most, but stage [12] takes \d+ MB: .* Give --stages [4-9],/,
    ],
    ["cut by hand", "--ranks 2 --cut dense_1", /but stage 2 takes \d+ MB: .*Allow more with --memory \d+/],
  ])("is refused %s with what it takes, before anything is written", async (_, options, message) => {
    const out = join(temporaryFolder(), "run");
    const { code, stderr } = await runApts(train(`${large} ${options} --memory 80`, out));
    expect(code, stderr).toBe(2);
    expect(stderr).toMatch(message);
    expect(existsSync(join(out, "config.json"))).toBe(false);
  });
});

describe("what cannot be in stages is refused by name, before anything starts", () => {
  const refusals: Record<string, [options: string, message: RegExp]> = {
    "ranks that are no multiple": [
      "--stages 2 --ranks 3",
      /--ranks to be a multiple of 2, the number of stages, got 3\. Give --ranks 4/,
    ],
    "subdomains of the whole": [
      "--method sapts --stages 2 --ranks 2",
      /got sapts, whose subdomains take the whole network/,
    ],
    "subdomains for a method without": [
      "--method adam --subdomains 2 --ranks 2",
      /--subdomains only with a method that works on subdomains \(apts, .*\), got it with adam\. Leave it out/,
    ],
    "a decomposition of parameters where samples are split": [
      "--method apts-d --decomposition layers --ranks 2",
      /--decomposition only with a method .* got it with apts-d/,
    ],
    shards: ["--method apts-d --stages 2 --ranks 2", /got apts-d, whose shards take the whole network/],
    "an objective of one's own": [
      "--method tr --stages 2 --ranks 2 --objective own.mjs",
      /losses of the outputs with --stages/,
    ],
    "micro-batches without stages": [
      "--method tr --micro-batches 4 --ranks 1",
      /no --micro-batches where the network is whole/,
    ],
    "stages that --cut does not make": [
      "--method tr --stages 3 --cut dense_1 --ranks 6",
      /as many stages as --cut dense_1 makes, 2, got --stages 3/,
    ],
    "layers that are not there": ["--method tr --cut nowhere --ranks 2", /nowhere/],
    "more stages than layers": ["--method tr --stages 9 --ranks 9", /can be cut in 9 stages/],
  };
  it.each(Object.entries(refusals))("%s", async (_, [options, message]) => {
    const out = join(temporaryFolder(), "run");
    const { code, stderr } = await runApts(train(`${options} --epochs 1`, out));
    expect(code, stderr).toBe(2);
    expect(stderr).toMatch(message);
    expect(existsSync(join(out, "config.json"))).toBe(false);
  });
});

/** The process of a rank that has begun. */
function pidOf(out: string, rank: number): number {
  const lines = readFileSync(join(out, "logs", `rank-${rank}.jsonl`), "utf8")
    .trim()
    .split("\n");
  return (JSON.parse(lines.at(-1)!) as { pid: number }).pid;
}
