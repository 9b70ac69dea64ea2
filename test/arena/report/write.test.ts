import { mkdtemp, readdir, readFile, rm, writeFile, mkdir } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import papa from "papaparse";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { Compared } from "../../../src/arena/report/compared.js";
import { writeComparison } from "../../../src/arena/report/write.js";
import { trialOf } from "../../helpers/arena.js";

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "apts-comparison-"));
});
afterEach(() => rm(folder, { recursive: true }));
const read = (name: string): Promise<string> => readFile(join(folder, name), "utf8");

const adam = (rate: number, accuracies: number[], seed: number) =>
  trialOf(accuracies, { method: "adam", candidate: { rate }, seed });
const compared: Compared = {
  workloads: [
    {
      name: "w",
      targets: [{ metric: "testAccuracy", value: 0.9, direction: "max" }],
      budget: { epochs: 4 },
      options: { data: "digits", hidden: [32, 32] },
    },
    {
      name: "x|y",
      targets: [{ metric: "testLoss", value: 0.5, direction: "min" }],
      budget: { epochs: 4, seconds: 20 },
      options: {},
    },
  ],
  methods: [
    { name: "tr", options: {} },
    { name: "adam", options: { method: "adam" } },
    { name: "m", options: {} },
  ],
  trials: [
    ...[adam(0.1, [0.5, 0.9], 0), adam(0.1, [0.5, 0.8, 0.9], 1)],
    ...[adam(0.2, [0.5, 0.6], 0), adam(0.2, [0.5, 0.8, 0.7], 1)],
    ...[trialOf([0.1, 0.95], { seed: 0 }), trialOf([0.1], { seed: 1, failure: "the loss is NaN" })],
    trialOf([0.4, 0.6], { workload: "x|y" }),
  ],
  about: { version: "0.1.0" },
};

describe("a comparison written", () => {
  it("prints the times to targets by seconds, with the scores by all units", async () => {
    expect(await writeComparison(folder, compared)).toMatchInlineSnapshot(`
      "┌──────┬────────────────────┬────────────────┬──────────┬───────────┬──────────┐
      │      │ w                  │ x|y            │ score by │ score by  │ score by │
      │      │ testAccuracy ≥ 0.9 │ testLoss ≤ 0.5 │ seconds  │ gradients │ epochs   │
      ├──────┼────────────────────┼────────────────┼──────────┼───────────┼──────────┤
      │ adam │ 5 (4–6)            │                │ 0.500    │ 0.500     │ 0.500    │
      ├──────┼────────────────────┼────────────────┼──────────┼───────────┼──────────┤
      │ m    │ – 1/2              │ 4              │ 0.500    │ 0.500     │ 0.500    │
      ├──────┼────────────────────┼────────────────┼──────────┼───────────┼──────────┤
      │ tr   │                    │                │ 0.000    │ 0.000     │ 0.000    │
      └──────┴────────────────────┴────────────────┴──────────┴───────────┴──────────┘"
    `);
  });

  it("is a folder of tables, pictures, data and AlgoPerf's folders, without trials that are none any more", async () => {
    const stale = join(folder, "algoperf/submissions/old");
    await mkdir(stale, { recursive: true });
    await writeFile(join(stale, "file"), "");
    await writeComparison(folder, compared);
    const pictures = ["curves-epochs.svg", "curves-gradients.svg", "curves-seconds.svg", "profiles.svg"];
    expect((await readdir(folder)).sort()).toEqual(
      ["algoperf", "comparison.md", ...pictures, "results.csv", "times.csv"].sort(),
    );
    expect((await readdir(join(folder, "algoperf/submissions"))).sort()).toEqual(["adam", "m"]);
    const markdown = await read("comparison.md");
    for (const [, file] of markdown.matchAll(/!\[.*?\]\((.*?)\)/g)) expect(pictures).toContain(file);
  });

  it("says in Markdown what ran, what a search chose and took, and what failed", async () => {
    await writeComparison(folder, compared);
    const lines = (await read("comparison.md")).split("\n");
    expect(lines).toEqual(
      expect.arrayContaining([
        "| adam | 5 (4–6) |  | 0.500 |",
        "| adam | w | 2 | rate 0.1 | 10 |",
        "| w | testAccuracy ≥ 0.9 | 4 epochs | data digits, hidden \\[32,32\\] |",
        "| x\\|y | testLoss ≤ 0.5 | 20 seconds, 4 epochs |  |",
        "| adam | method adam | 4 |",
        "| m | w | 1 |  | the loss is NaN |",
      ]),
    );
  });

  it("has a row a measurement in results.csv, and one for each trial and target in times.csv", async () => {
    await writeComparison(folder, compared);
    const rows = async (name: string) =>
      papa.parse<Record<string, string>>((await read(name)).trim(), { header: true }).data;
    const results = await rows("results.csv");
    expect(results.length).toBe(15);
    expect(results[1]).toEqual({
      workload: "w",
      method: "adam",
      candidate: '{"rate":0.1}',
      seed: "0",
      seconds: "4",
      epochs: "2",
      steps: "20",
      gradients: "6",
      loss: "1.1",
      testLoss: expect.stringMatching(/^0\.(1|0999)/) as string,
      testAccuracy: "0.9",
    });
    const times = await rows("times.csv");
    expect(times.map(({ chosen, seconds }) => [chosen, seconds])).toEqual([
      ["true", "4"],
      ["true", "6"],
      ["false", ""],
      ["false", ""],
      ["true", "4"],
      ["true", ""],
      ["true", "4"],
    ]);
    expect(times[5]).toMatchObject({ method: "m", seed: "1", failure: "the loss is NaN" });
  });
});
