import { describe, expect, it } from "vitest";
import { methodNamed } from "../../src/methods/registry.js";
import type { Mode } from "../../src/scale/options.js";
import { planStudy } from "../../src/scale/plan.js";

const SMALL = { data: "digits", trainSamples: 1000, testSamples: 100 };

function plan(mode: Mode, ranks: readonly number[], values: Record<string, unknown>, repeats = 1) {
  const method = methodNamed((values["method"] as string | undefined) ?? "sapts");
  const source = { kind: "command line" } as const;
  return planStudy({ mode, ranks, repeats, steps: 7 }, [{ source, values }], method);
}

const told = async (runs: ReturnType<typeof plan>, ...names: readonly string[]) =>
  (await runs).map(({ config }) => [config.ranks, ...names.map((name) => config[name as "ranks"])]);

describe("the runs of a study", () => {
  it("are all numbers of ranks once, then again, with a name and a key of each", async () => {
    const runs = await plan("strong", [1, 2], SMALL, 2);
    expect(runs.map(({ varied }) => varied)).toEqual([
      { ranks: 1, repeat: 1 },
      { ranks: 2, repeat: 1 },
      { ranks: 1, repeat: 2 },
      { ranks: 2, repeat: 2 },
    ]);
    for (const of of ["name", "key"] as const) expect(new Set(runs.map((run) => run[of])).size).toBe(4);
    for (const { config } of runs)
      expect(config).toMatchObject({ epochs: 1, batchesPerEpoch: 14, threads: 1, tolerance: 0 });
    const again = await plan("strong", [1, 2, 4], { ...SMALL, subdomains: 2 });
    expect(again[0]!.key).toBe(runs[0]!.key); // goes on with what is there
  });

  it("have the same work in strong mode: batches, samples and subdomains", async () => {
    expect(await told(plan("strong", [1, 4], SMALL), "batchSize", "trainSamples", "subdomains")).toEqual([
      [1, 128, 1000, 4],
      [4, 128, 1000, 4],
    ]);
    const given = { ...SMALL, subdomains: 6, threads: 2 };
    expect(await told(plan("strong", [1, 4], given), "subdomains", "threads")).toEqual([
      [1, 6, 2],
      [4, 6, 2],
    ]);
  });

  it("have as much more work as ranks in weak mode: mini-batches, or samples", async () => {
    const batches = plan("weak", [1, 3], { ...SMALL, batchSize: 300 });
    expect(await told(batches, "batchSize", "trainSamples", "subdomains")).toEqual([
      [1, 300, 1000, 1],
      [3, 900, 1000, 3],
    ]);
    const full = { data: "digits", method: "apts", batches: 1 };
    expect(await told(plan("weak", [1, 3], { ...full, trainSamples: 400 }), "trainSamples")).toEqual([
      [1, 400],
      [3, 1200],
    ]);
    expect(await told(plan("weak", [1, 3], full), "trainSamples", "batches")).toEqual([
      [1, 6666, 1], // of 20,000
      [3, 19_998, 1],
    ]);
  });

  it.each([
    ["weak", { ...SMALL, batchSize: 600 }, /at least 1200 training samples, mini-batches of 600 .* got 1000/],
    [
      "weak",
      { data: "digits", method: "apts", batches: 1, trainSamples: 15_000 },
      /at least 30000 training samples, 15000 for each of 2 ranks, got 20000/,
    ],
    ["strong", { ...SMALL, method: "adam", maxTrials: 2 }, /options of method adam, got "maxTrials"/],
    ["strong", { ...SMALL, stages: 2 }, /multiple of 2, .* got 1\. .* \(of 1 rank\)/],
  ] as const)("refuses in %s mode %o", async (mode, values, message) => {
    await expect(plan(mode, [1, 2], values)).rejects.toThrow(message);
  });
});
