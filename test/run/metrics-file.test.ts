import { appendFileSync, readFileSync, rmSync, statSync, truncateSync } from "node:fs";
import { join } from "node:path";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { comparison } from "../../src/report/comparison.js";
import { curvesSvg } from "../../src/report/curves.js";
import { readMetrics, type EpochMetrics } from "../../src/report/metrics.js";
import { MetricsFile } from "../../src/run/folder/metrics-file.js";
import { temporaryFolder } from "../helpers/apts.js";
import { fill, smallDisk } from "../helpers/run/small-disk.js";

function line(epoch: number): EpochMetrics {
  const counts = { accepted: 1, steps: 1, lossEvaluations: 4 * epoch, gradientEvaluations: 2 * epoch };
  const loss = {
    loss: 1 / epoch,
    testLoss: 2 / epoch,
    testAccuracy: 1 - 0.9 / epoch,
    metrics: { accuracy: 1 - 0.9 / epoch },
  };
  return { epoch, seconds: epoch / 8, ...loss, radius: null, ...counts, bytesSent: 10 * epoch };
}

const lines = (to: number): EpochMetrics[] => Array.from({ length: to }, (_, i) => line(i + 1));

async function write(folder: string, from: number, to: number): Promise<void> {
  const file = await MetricsFile.open(folder, from);
  expect(file.lines).toBe(from);
  for (let epoch = from + 1; epoch <= to; epoch++) await file.append(line(epoch));
}

describe("metrics.jsonl", () => {
  it("is what it would have been, wherever its writer was killed and from whichever checkpoint it goes on", async () => {
    const whole = temporaryFolder();
    await write(whole, 0, 6);
    const wanted = readFileSync(join(whole, "metrics.jsonl"));
    await fc.assert(
      fc.asyncProperty(fc.nat(wanted.length), fc.nat(6), async (killedAt, checkpoint) => {
        const folder = temporaryFolder();
        const path = join(folder, "metrics.jsonl");
        await write(folder, 0, 6);
        truncateSync(path, killedAt);
        const there = (await readMetrics(folder)).length; // a reader in between sees whole lines
        expect(await readMetrics(folder)).toEqual(lines(there));
        await write(
          folder,
          Math.min(checkpoint, wanted.subarray(0, killedAt).toString().split("\n").length - 1),
          6,
        );
        expect(readFileSync(path).equals(wanted)).toBe(true);
      }),
      { numRuns: 40 },
    );
  });

  it("of another run that left no checkpoint is emptied", async () => {
    const folder = temporaryFolder();
    await write(folder, 0, 3);
    await write(folder, 0, 1);
    expect(await readMetrics(folder)).toEqual(lines(1));
  });

  it("has every line once a full disk has room again", async (context) => {
    const disk = smallDisk(context);
    const file = await MetricsFile.open(disk, 0);
    await file.append(line(1));
    fill(join(disk, "filler"));
    let epoch = 1;
    let failed = 0;
    while (failed < 3) {
      epoch++;
      await file.append(line(epoch)).catch((error: unknown) => {
        expect((error as NodeJS.ErrnoException).code).toBe("ENOSPC");
        failed++;
      });
    }
    expect(await readMetrics(disk)).toEqual(lines(epoch - 3));
    rmSync(join(disk, "filler"));
    await file.append(line(epoch + 1));
    expect(await readMetrics(disk)).toEqual(lines(epoch + 1));
  });

  it("of a hundred thousand epochs is read, resumed, drawn and tabulated", { timeout: 300_000 }, async () => {
    const folder = temporaryFolder();
    const many = lines(100_000);
    appendFileSync(join(folder, "metrics.jsonl"), many.map((one) => `${JSON.stringify(one)}\n`).join(""));
    await write(folder, 99_999, 100_000);
    const metrics = await readMetrics(folder);
    expect([metrics.length, metrics.at(-1)]).toEqual([100_000, line(100_000)]);
    expect(statSync(join(folder, "metrics.jsonl")).size).toBeGreaterThan(1e7);
    expect(
      curvesSvg(
        [
          { name: "one", metrics },
          { name: "two", metrics },
        ],
        "many epochs",
      ),
    ).toMatch(/^<svg/);
    expect(comparison([{ name: "one", metrics }], "epochs", "quartiles")[1]).toContain("99.99");
  });
});
