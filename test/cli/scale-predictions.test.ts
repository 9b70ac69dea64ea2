import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import papa from "papaparse";
import { describe, expect, it } from "vitest";
import { costOf } from "../../src/scale/model/iteration.js";
import { runApts, temporaryFolder } from "../helpers/apts.js";

const SMALL = ["--data", "digits", "--train-samples", "1000", "--test-samples", "100", "--hidden", "8"];
/** 784-8-10 */
const PARAMETERS = 784 * 8 + 8 + 8 * 10 + 10;
const CHUNKS = 4;
const TWO = { ranks: 2, perHost: 2, memory: false };

const WIRE = `
ranksPerHost: 16
memory: true
sharedUplink: true
links:
  memory: { latency: 1e-6, overhead: 1e-6, perByte: 1e-10 }
  host: { latency: 1e-6, overhead: 1e-6, perByte: 1e-10 }
  network: { latency: 1e-5, overhead: 1e-6, perByte: 1e-10 }
`;

describe("apts scale --network", () => {
  it("predicts what was measured and what was not, and a run sends what the model says", async () => {
    const folder = temporaryFolder();
    const out = join(folder, "out");
    const wire = join(folder, "wire.yaml");
    writeFileSync(wire, WIRE);
    const run = ["scale", ...SMALL, "--method", "apts", "--batches", "1", "--ranks", "1,2", "--repeats", "1"];
    const { code, stdout, stderr } = await runApts([...run, "--steps", "3", "--network", wire, "--out", out]);
    expect(code, stderr).toBe(0);
    expect(stdout).toMatch(/│ 4096 +│/);
    expect(stdout).toMatch(/a step becomes no shorter beyond \d+ ranks\. The bound is: /);
    const { data } = papa.parse<Record<string, string>>(readFileSync(join(out, "scale.csv"), "utf8"), {
      header: true,
      skipEmptyLines: true,
    });
    for (const row of data) {
      expect(Number(row["predicted"])).toBeGreaterThan(0);
      const error = Number(row["predicted"]) / Number(row["seconds"]) - 1;
      expect(Number(row["error"])).toBeCloseTo(error, 9);
    }
    const two = data[1]!;
    const bytes = (call: string) => Number(two[`${call}Bytes`]);
    const sizes = [PARAMETERS, 0].map((n) => 4 * n + 8);
    const [gradient, loss] = sizes.map(
      (size) => costOf({ kind: "sum", chunks: CHUNKS, bytes: size }, TWO).bytes / 2,
    );
    // Sums of a gradient are at least one a step, and all else on their way are sums of a loss.
    const ofRank = bytes("pointToPoint") / 2; // both send what they exchange
    const gradients = Math.floor((ofRank / gradient!) * 3 + 1e-9) / 3;
    expect(gradients).toBeGreaterThanOrEqual(1);
    const losses = (ofRank - gradients * gradient!) / loss!;
    expect(losses * 3).toBeCloseTo(Math.round(losses * 3), 6);
    expect(two).not.toHaveProperty("broadcastBytes");
    // Two subdomains, which have all parameters, each with what its objective fell by.
    expect(bytes("allgather")).toBe(costOf({ kind: "allgather", runs: [4 * PARAMETERS + 16, 0] }, TWO).bytes);
  });

  it("predicts networks in stages: of iapts as many as ranks, while there are layers, and then copies of them", async () => {
    const out = join(temporaryFolder(), "out");
    const run = ["scale", ...SMALL, "--method", "iapts", "--ranks", "1,2", "--repeats", "1", "--steps", "3"];
    const { code, stdout, stderr } = await runApts([...run, "--network", "slingshot", "--out", out]);
    expect(code, stderr).toBe(0);
    const { data } = papa.parse<Record<string, string>>(readFileSync(join(out, "scale.csv"), "utf8"), {
      header: true,
      skipEmptyLines: true,
    });
    expect(data.map((row) => Number(row["predicted"]) > 0)).toEqual([true, true]);
    expect(stdout).toContain("too few layers for 4 stages: more ranks than 2 are copies of it, in 2 stages");
    expect(stdout).toMatch(/│ 4096 +│/);
  });

  it("predicts copies of a network in stages, without one that is whole", async () => {
    const out = join(temporaryFolder(), "out");
    const run = ["scale", ...SMALL, "--method", "adam", "--stages", "2", "--ranks", "2", "--repeats", "1"];
    const { code, stdout, stderr } = await runApts([
      ...run,
      "--steps",
      "2",
      "--network",
      "nvlink",
      "--out",
      out,
    ]);
    expect(code, stderr).toBe(0);
    expect(stdout).not.toContain("too few layers");
    const predicted = stdout.split("a step becomes no shorter")[0]!.split("│ efficiency │ moving │")[1]!;
    expect(predicted.match(/(?<=\n│ )\d+/g)).toEqual(
      Array.from({ length: 12 }, (_, k) => String(2 ** (k + 1))),
    );
  });

  it.each([
    [["--ranks", "2,4", "--predict"], "Expected 1 among --ranks"],
    [["--network", "./nowhere.yaml"], "nowhere.yaml"],
    [
      ["--method", "apts-d", "--local-batch", "0", "--ranks", "1,2", "--predict"],
      "apts-d with --local-batch 0",
    ],
  ])("refuses %j by name, before anything starts", async (options, named) => {
    const { code, stderr } = await runApts(["scale", ...SMALL, ...options]);
    expect(code).toBe(2);
    expect(stderr).toContain(named);
    expect(stderr).not.toContain("0 running");
  });
});
