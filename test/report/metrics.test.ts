import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { UsageError } from "../../src/errors.js";
import { readMetrics } from "../../src/report/metrics.js";

const line = {
  epoch: 1,
  seconds: 1.5,
  loss: 0.5,
  testLoss: 0.6,
  testAccuracy: 0.9,
  metrics: { accuracy: 0.9 },
  radius: 0.01,
  accepted: 1,
  steps: 1,
  lossEvaluations: 3,
  gradientEvaluations: 2,
  bytesSent: 1000,
};

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "apts-report-test-"));
});
afterEach(() => rm(folder, { recursive: true }));

const write = (text: string): Promise<void> => writeFile(join(folder, "metrics.jsonl"), text);

describe("readMetrics", () => {
  it("reads a line an epoch and leaves fields it does not know aside", async () => {
    await write(`${JSON.stringify(line)}\n${JSON.stringify({ ...line, epoch: 2, unknown: 20 })}\n`);
    expect(await readMetrics(folder)).toEqual([line, { ...line, epoch: 2 }]);
  });

  it("reads a run that has not ended its first epoch", async () => {
    await write("");
    expect(await readMetrics(folder)).toEqual([]);
  });

  it("leaves out the line that a running or killed run has not written to its end", async () => {
    await write(`${JSON.stringify(line)}\n${JSON.stringify({ ...line, epoch: 2 }).slice(0, -5)}`);
    expect(await readMetrics(folder)).toEqual([line]);
  });

  it("reads a loss that was not finite as NaN, and a method without radius", async () => {
    await write(JSON.stringify({ ...line, loss: NaN, radius: null }));
    expect(await readMetrics(folder)).toEqual([{ ...line, loss: NaN, radius: null }]);
  });

  it.each([
    ["is no JSON", "{oops", /Expected JSON in line 2 of .*metrics\.jsonl, found "\{oops"\./],
    [
      "lacks a field",
      JSON.stringify({ ...line, loss: undefined }),
      /a number for "loss" in line 2 of .*, found none\./,
    ],
    [
      "has text for a number",
      JSON.stringify({ ...line, epoch: "2" }),
      /a number for "epoch" in line 2 of .*, found "2"\./,
    ],
    ["is null", "null", /a number for "epoch" in line 2 of .*, found none\./],
  ])("says where a line %s", async (_, second, message) => {
    await write(`${JSON.stringify(line)}\n${second}\n`);
    await expect(readMetrics(folder)).rejects.toThrow(UsageError);
    await expect(readMetrics(folder)).rejects.toThrow(message);
  });

  it("says when the folder is no run folder", async () => {
    await expect(readMetrics(folder)).rejects.toThrow(UsageError);
    await expect(readMetrics(folder)).rejects.toThrow(
      `Expected the metrics of a run that apts train has written at ${join(folder, "metrics.jsonl")}, but there is none.`,
    );
  });
});
