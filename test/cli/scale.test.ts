import { readFileSync, readdirSync, statSync } from "node:fs";
import { join } from "node:path";
import papa from "papaparse";
import { describe, expect, it } from "vitest";
import { readParts } from "../../src/report/parts.js";
import { runApts, temporaryFolder } from "../helpers/apts.js";
import { recordIn } from "../helpers/run-folder.js";

const SMALL = ["--data", "digits", "--train-samples", "1000", "--test-samples", "100", "--hidden", "8"];
const FULL = ["--method", "apts", "--batches", "1"];
const PARTS = ["computing", "waiting", "moving", "deciding"] as const;

const runsIn = (out: string) => readdirSync(join(out, "runs"), { withFileTypes: true }).filter((f) => f.isDirectory()); // prettier-ignore
const tableIn = (out: string) =>
  papa.parse<Record<string, string>>(readFileSync(join(out, "scale.csv"), "utf8"), {
    header: true,
    skipEmptyLines: true,
  }).data;
const numberIn = (row: Record<string, string>, name: string) => Number(row[name]);

describe("apts scale", () => {
  it("measures each number of ranks, splits its step, and runs nothing that is finished", async () => {
    const out = join(temporaryFolder(), "out");
    const command = ["scale", ...SMALL, ...FULL, "--ranks", "2,1", "--repeats", "2", "--steps", "3", "--out", out]; // prettier-ignore
    const first = await runApts(command);
    expect(first.code, first.stderr).toBe(0);
    expect(first.stderr).toContain("4/4 done, 0 running\n");
    const folders = runsIn(out).map(({ name }) => join(out, "runs", name));
    expect(folders.length).toBe(4);
    for (const folder of folders) {
      expect(recordIn(folder).options).toMatchObject({ subdomains: 2, threads: 1, trainSamples: 1000 });
      expect(await readParts(folder)).toMatchObject({ steps: 3, skipped: 5 });
    }

    const [one, two] = tableIn(out) as [Record<string, string>, Record<string, string>];
    expect([one, two].map(({ mode, ranks, repeats }) => [mode, ranks, repeats])).toEqual([
      ["strong", "1", "2"],
      ["strong", "2", "2"],
    ]);
    for (const part of ["waiting", "moving", "pointToPointBytes", "allgatherMessages"])
      expect(numberIn(one, part)).toBe(0);
    for (const row of [one, two]) {
      const whole = PARTS.reduce((sum, part) => sum + numberIn(row, part), 0);
      expect(whole).toBeGreaterThan(0);
      const runs = (await Promise.all(folders.map(readParts))).map((parts) => parts!);
      const seconds = runs
        .filter((run) => run.ranks.length === Number(row["ranks"]))
        .map(({ steps, ranks }) => ranks.reduce((sum, rank) => sum + rank.seconds, 0) / ranks.length / steps);
      expect(whole).toBeCloseTo(Math.min(...seconds), 9); // of two the quicker
      expect(numberIn(row, "seconds")).toBeCloseTo((seconds[0]! + seconds[1]!) / 2, 12);
    }
    expect(numberIn(one, "speedUp")).toBe(1);
    expect(numberIn(two, "speedUp")).toBeCloseTo(numberIn(one, "seconds") / numberIn(two, "seconds"), 9);
    expect(numberIn(two, "efficiency")).toBeCloseTo(numberIn(two, "speedUp") / 2, 9);
    // Of four chunks two are a rank's: they exchange sums, which two messages are, of as many bytes.
    expect(numberIn(two, "pointToPointBytes")).toBeGreaterThan(0);
    expect(Math.round(3 * numberIn(two, "pointToPointMessages")) % 2).toBe(0); // of three steps

    const svg = readFileSync(join(out, "scale.svg"), "utf8");
    expect(svg.match(/<circle [^>]*r="3.5"/g)?.length).toBe(2 * 2); // two points in two panels
    expect(svg.match(/<rect /g)?.length).toBe(2 * PARTS.length);
    expect(svg).toContain("apts on digits");
    expect(readFileSync(join(out, "scale.md"), "utf8")).toContain("| 2 | ");

    const times = () => folders.map((folder) => statSync(join(folder, "summary.json")).mtimeMs);
    const before = times();
    const second = await runApts(command);
    expect(second.stderr).toContain("4 runs, 4 of them finished before\n");
    expect(times()).toEqual(before);
    expect(second.stdout).toBe(first.stdout);
  }, 300_000);

  it.each([
    [["--ranks", "1,1"], "Expected different numbers in --ranks, got 1 twice. Leave one of them out."],
    [
      ["--epochs", "3"],
      "Expected no --epochs, since --steps says how many steps are measured. Leave it out.",
    ],
    [
      ["--method", "iapts", "--ranks", "1,2,4"],
      "Expected a network that can be cut in 4 stages, each with something to train, got fcnn, which makes at most 3. Give --stages 3 or fewer. (of 4 ranks)",
    ],
  ])("refuses %s in one sentence, before anything is written", async (options, message) => {
    const out = join(temporaryFolder(), "out");
    const { code, stderr } = await runApts(["scale", "--data", "digits", ...options, "--out", out]);
    expect(stderr).toContain(message);
    expect(code).toBe(2);
    expect(() => readdirSync(out)).toThrow("ENOENT");
  });
});
