import { existsSync, readFileSync, readdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { tf } from "../../src/compute/tensorflow.js";
import { loadData } from "../../src/data/load.js";
import { usableCores } from "../../src/host/cores.js";
import { loadModel } from "../../src/network/model-file.js";
import type { RunRecord } from "../../src/run/folder/record.js";
import type { EpochMetrics } from "../../src/report/metrics.js";
import type { Summary } from "../../src/report/summary.js";
import { runApts, SMALL, startApts, temporaryFolder, writeModule } from "../helpers/apts.js";
import { plain } from "../helpers/data/labelled.js";

const read = (...path: string[]): unknown => JSON.parse(readFileSync(join(...path), "utf8"));

describe("apts train", () => {
  it.each([1, 2])("divides this machine's cores among %i ranks by default", async (ranks) => {
    const out = join(temporaryFolder(), "run");
    await runApts(["train", ...SMALL, "--ranks", String(ranks), "--epochs", "1", "--out", out]);
    const { backend } = read(out, "config.json") as RunRecord;
    const share = Math.max(1, Math.floor(usableCores() / ranks));
    // Without a BLAS there is nothing that could use more than one thread.
    expect(backend.threads).toBe(/\d+ threads/.test(backend.fingerprint) ? share : 1);
  });

  it("leaves a complete run folder whose model has the reported accuracy", async () => {
    const out = join(temporaryFolder(), "run");
    const { code, stderr, stdout } = await runApts([
      "train",
      ...SMALL,
      "--ranks",
      "2",
      "--epochs",
      "3",
      "--out",
      out,
    ]);
    expect(stderr).toMatch(/epoch 3\/3/);
    expect(stdout).toContain(out);
    expect(code).toBe(0);
    const isOfTensorBoard = (name: string): boolean => name.includes("tfevents");
    expect(readdirSync(out).filter(isOfTensorBoard)).toHaveLength(1);
    expect(
      readdirSync(out)
        .filter((name) => !isOfTensorBoard(name))
        .sort(),
    ).toEqual([
      ".lock",
      "batches",
      "checkpoints",
      "config.json",
      "curves.svg",
      "logs",
      "metrics.jsonl",
      "model",
      "parts.json",
      "summary.json",
    ]);
    expect(readdirSync(join(out, "logs")).sort()).toEqual(["rank-0.jsonl", "rank-1.jsonl"]);

    const lines = readFileSync(join(out, "metrics.jsonl"), "utf8").trim().split("\n");
    const metrics = lines.map((line) => JSON.parse(line) as EpochMetrics);
    expect(metrics.map(({ epoch }) => epoch)).toEqual([1, 2, 3]);
    const summary = read(out, "summary.json") as Summary;
    expect(summary).toMatchObject({ method: "sapts", ranks: 2, subdomains: 2, epochs: 3, ended: "epochs" });
    expect(summary.testAccuracy).toBe(metrics[2]!.testAccuracy);
    expect(metrics[2]!.loss).toBeLessThan(metrics[0]!.loss);
    expect(metrics[2]!.bytesSent).toBeGreaterThan(0);

    const config = read(out, "config.json") as { options: Record<string, unknown> };
    expect(config.options).toMatchObject({
      seed: 0,
      ranks: 2,
      hidden: [16],
      methodOptions: { localSteps: 1 },
    });

    const model = await loadModel(join(out, "model", "model.json"));
    const data = await loadData({ name: "digits", seed: 0, trainCount: 1000, testCount: 300 });
    const { features, labels } = plain(data.test);
    const x = tf.tensor(Float32Array.from(features), [300, 28, 28, 1]);
    const predicted = (model.predict(x) as tf.Tensor).argMax(1).dataSync();
    const right = labels.filter((label, i) => label === predicted[i]).length;
    expect(right).toBe(Math.round(300 * summary.testAccuracy!));
  });

  it("makes the same bits on any number of ranks", async () => {
    const folder = temporaryFolder();
    const cases = { apts: [1, 3], sapts: [1, 4] };
    for (const [method, sizes] of Object.entries(cases)) {
      const weights: Buffer[] = [];
      for (const ranks of sizes) {
        const out = join(folder, `${method}-${ranks}`);
        const args = [
          "--method",
          method,
          "--ranks",
          String(ranks),
          "--epochs",
          "2",
          "--threads", // products of another number of threads may have other last bits
          "1",
          "--subdomains",
          "4",
          "--out",
          out,
        ];
        if (method === "sapts") args.push("--batches", "3");
        const { code, stderr } = await runApts(["train", ...SMALL, ...args]);
        expect(code, stderr).toBe(0);
        weights.push(readFileSync(join(out, "model", "weights.bin")));
      }
      for (const other of weights.slice(1)) expect(other.equals(weights[0]!)).toBe(true);
    }
  }, 300_000);

  it("reads a config file, lets the command line win, and prints the summary as JSON", async () => {
    const folder = temporaryFolder();
    const config = join(folder, "config.yaml");
    writeFileSync(config, "ranks: 1\nepochs: 5\nhidden: [8]\nmethod: tr\nstop-at-accuracy: 0.01\n");
    const out = join(folder, "run");
    const args = [
      "--config",
      config,
      "--epochs",
      "2",
      "--json",
      "--train-samples",
      "500",
      "--test-samples",
      "100",
    ];
    const { code, stdout } = await runApts(["train", ...args, "--out", out]);
    expect(code).toBe(0);
    const summary = JSON.parse(stdout) as Summary;
    expect(summary).toMatchObject({ method: "tr", ranks: 1, epochs: 1, ended: "accuracy", out });
    expect(summary.parameters).toBe(784 * 8 + 8 + 8 * 10 + 10);
  });

  it("trains a user's own module, and goes on from a model.json", async () => {
    const folder = temporaryFolder();
    const module = writeModule(
      folder,
      `export function createModel({ tf, sampleShape, classes }) {
         const model = tf.sequential();
         model.add(tf.layers.flatten({ inputShape: sampleShape }));
         model.add(tf.layers.dense({ units: 12, activation: "tanh" }));
         model.add(tf.layers.dense({ units: classes, activation: "softmax" }));
         return model;
       }`,
    );
    const first = await runApts([
      "train",
      ...SMALL,
      "--ranks",
      "2",
      "--model",
      module,
      "--epochs",
      "2",
      "--out",
      join(folder, "1"),
    ]);
    expect(first.code, first.stderr).toBe(0);
    const again = [
      "--model",
      join(folder, "1", "model", "model.json"),
      "--epochs",
      "1",
      "--out",
      join(folder, "2"),
    ];
    const second = await runApts(["train", ...SMALL, "--ranks", "1", "--subdomains", "2", ...again]);
    expect(second.code, second.stderr).toBe(0);
    expect((read(folder, "2", "summary.json") as Summary).loss).toBeLessThan(
      (read(folder, "1", "summary.json") as Summary).loss,
    );
  });

  it("ends after the step it is in when asked to by SIGTERM, and keeps what it has", async () => {
    const out = join(temporaryFolder(), "run");
    const run = startApts(["train", ...SMALL, "--ranks", "2", "--epochs", "100000", "--out", out]);
    await run.saw(/epoch +2\/100000/);
    run.process.kill("SIGTERM");
    expect((await run.finished).code).toBe(143);
    const summary = read(out, "summary.json") as Summary;
    expect(summary.ended).toBe("stopped");
    expect(existsSync(join(out, "model", "model.json"))).toBe(true);
  });

  it("ends within seconds when a rank is killed, with the first cause on top", async () => {
    const out = join(temporaryFolder(), "run");
    const run = startApts(["train", ...SMALL, "--ranks", "3", "--epochs", "100000", "--out", out]);
    await run.saw(/epoch +2\/100000/);
    const log = readFileSync(join(out, "logs", "rank-1.jsonl"), "utf8").split("\n")[0]!;
    process.kill((JSON.parse(log) as { pid: number }).pid, "SIGKILL");
    const began = Date.now();
    const { code, stderr } = await run.finished;
    expect(Date.now() - began).toBeLessThan(30_000); // 10 s on a quiet machine; the deadline of a call is 300 s
    expect(code).toBe(1);
    const [cause, ...consequences] = stderr
      .trim()
      .split("\n")
      .filter((line) => /Rank \d/.test(line));
    expect(cause).toMatch(/^apts: Rank 1 .*was killed by SIGKILL/);
    for (const line of consequences) expect(line).toMatch(/^ {2}Rank [02] .*(also failed|was stopped)/);
  });
});

describe("bad input", () => {
  it.each([
    [["--ranks", "0"], /^apts: Expected --ranks to be a whole number from 1 to 4096, got "0"\.$/],
    [
      ["--method", "adamm"],
      /^apts: Expected --method to be one of apts, .*got "adamm"\. Did you mean "adam"\?$/,
    ],
    [["--subdomains", "5"], /^apts: Expected at most 4 subdomains, one for each parameter tensor.*got 5/],
    [["--data", "mnist", "--data-dir", "nowhere"], /^apts: Expected .*nowhere.*apts fetch mnist/],
    [
      ["--model", "nothing.json"],
      /^apts: Expected a model.json in .*nothing.json, but there is no such file/,
    ],
    [["--model", "resnet"], /^apts: Expected --model to be/],
    [["--batches", "2000"], /^apts: Expected .*mini-batches.*2000/],
    [["--config", "none.yaml"], /^apts: Expected a config file at none.yaml/],
    [["--backend", "node-gpu"], /^apts: Expected the compute backend "node-gpu" to start/],
  ])("%j: one sentence, exit code 2, nothing touched", async (args, message) => {
    const folder = temporaryFolder();
    const { code, stderr } = await runApts(["train", ...SMALL, "--ranks", "2", "--out", "run", ...args], {
      cwd: folder,
    });
    const errors = stderr
      .trim()
      .split("\n")
      .filter((line) => line.startsWith("apts:"));
    expect(errors).toHaveLength(1);
    expect(errors[0]).toMatch(message);
    expect(code).toBe(2);
    expect(readdirSync(folder)).toEqual([]);
  });

  it("an unknown option gets a suggestion", async () => {
    const { code, stderr } = await runApts(["train", "--rank", "2"]);
    expect(code).toBe(2);
    expect(stderr).toMatch(/unknown option '--rank'.*Did you mean --ranks/s);
  });

  it("an --out that holds a run is left alone", async () => {
    const folder = temporaryFolder();
    for (const file of ["config.json", "summary.json"]) writeFileSync(join(folder, file), "{}");
    const { code, stderr } = await runApts(["train", ...SMALL, "--ranks", "1", "--out", folder]);
    expect(code).toBe(2);
    expect(stderr).toMatch(/holds a run already/);
    expect(readdirSync(folder)).toEqual(["config.json", "summary.json"]);
  });
});
