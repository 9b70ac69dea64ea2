import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { readMetrics } from "../../src/report/metrics.js";
import { trainConfig } from "../../src/run/options/config.js";
import { runApts, SMALL, temporaryFolder } from "../helpers/apts.js";
import { run } from "../helpers/run/run.js";
import { metrics, weights } from "../helpers/run-folder.js";

const adam = { method: "adam", batches: 4 };
const steps = (folder: string) => metrics(folder).map((line) => line.steps);

describe("epochs of N mini-batches", () => {
  it("go through the passes that whole epochs go through, to the bit", async () => {
    const folder = temporaryFolder();
    const [whole, parts, longer] = ["whole", "parts", "longer"].map((name) => join(folder, name));
    await run(whole!, { ...adam, epochs: 3 });
    await run(parts!, { ...adam, epochs: 4, batchesPerEpoch: 3 });
    await run(longer!, { ...adam, epochs: 2, batchesPerEpoch: 6 });
    expect(steps(parts!)).toEqual([3, 3, 3, 3]);
    expect(steps(longer!)).toEqual([6, 6]);
    for (const other of [parts!, longer!]) {
      expect(weights(other).equals(weights(whole!))).toBe(true);
      const [last, same] = [metrics(other).at(-1)!, metrics(whole!).at(-1)!];
      expect(last.testLoss).toBe(same.testLoss);
      expect(last.gradientEvaluations).toBe(same.gradientEvaluations); // in passes, as ever
    }
  });

  it("are several steps of the full batch", async () => {
    const folder = temporaryFolder();
    await run(join(folder, "whole"), { method: "apts", epochs: 4 });
    await run(join(folder, "parts"), { method: "apts", epochs: 2, batchesPerEpoch: 2 });
    expect(steps(join(folder, "parts"))).toEqual([2, 2]);
    expect(weights(join(folder, "parts")).equals(weights(join(folder, "whole")))).toBe(true);
  });

  it("go on where they stopped, in the middle of a pass and of an epoch", async () => {
    const folder = temporaryFolder();
    const [whole, parts] = [join(folder, "whole"), join(folder, "parts")];
    const options = { ...adam, epochs: 4, batchesPerEpoch: 3 };
    await run(whole, options);
    const stop = new AbortController();
    const first = await run(parts, options, {
      stop: stop.signal,
      observe: (event) => {
        if (event.type === "epoch" && event.metrics.epoch === 1) stop.abort();
      },
    });
    expect(first.summary.ended).toBe("stopped");
    expect(steps(parts)).toEqual([3, 1]);
    await run(parts, options, { beginning: "resume" });
    expect(weights(parts).equals(weights(whole))).toBe(true);
    expect(steps(parts)).toEqual([3, 3, 3, 3]);
  });
});

describe("--batch-size", () => {
  it("says how many mini-batches there are, which then share no samples", async () => {
    const folder = temporaryFolder();
    await run(join(folder, "size"), { method: "adam", batchSize: 130, epochs: 2 });
    await run(join(folder, "number"), { method: "adam", batches: 3, overlap: 0, epochs: 2 });
    expect(steps(join(folder, "size"))).toEqual([3, 3]);
    expect(weights(join(folder, "size")).equals(weights(join(folder, "number")))).toBe(true);
  });

  it("is said in place of --batches, by the source that comes first", () => {
    const given = (...sources: Record<string, unknown>[]) =>
      trainConfig(
        sources.map((values) => ({ source: { kind: "command line" }, values })),
        1,
      );
    expect(() => given({ batches: 3, batchSize: 8 })).toThrow(
      "Expected either --batches or --batch-size, got both.",
    );
    expect(given({ batchSize: 8 }, { batches: 3 })).toMatchObject({
      batchSize: 8,
      batches: undefined,
      overlap: 0,
    });
    expect(given({ batches: 3 }, { "batch-size": 8 })).toMatchObject({
      ...{ batches: 3, batchSize: undefined, overlap: 0.01 },
    });
  });
});

describe("a run ends with the epoch in which it has used", () => {
  it("--max-gradients", async () => {
    const out = join(temporaryFolder(), "run");
    const { summary } = await run(out, { ...adam, epochs: 9, batchesPerEpoch: 1, maxGradients: 1.5 });
    expect(summary).toMatchObject({ ended: "gradients", gradientEvaluations: 1.5, epochs: 6 });
  });

  it("--max-seconds, and goes on with more", async () => {
    const out = join(temporaryFolder(), "run");
    const options = { ...adam, epochs: 3 };
    const { summary } = await run(out, { ...options, maxSeconds: 0.001 });
    expect(summary).toMatchObject({ ended: "seconds", epochs: 1 });
    const more = await run(out, { ...options, maxSeconds: 1000 }, { beginning: "resume" });
    expect(more.summary).toMatchObject({ ended: "epochs", epochs: 3 });
  });

  it("--max-seconds, on all ranks alike", async () => {
    const out = join(temporaryFolder(), "run");
    const args = [
      ...SMALL,
      "--ranks",
      "2",
      "--threads",
      "1",
      "--batch-size",
      "100",
      "--batches-per-epoch",
      "1",
    ];
    const limits = ["--epochs", "1000000", "--max-seconds", "0.3"];
    const { code, stdout } = await runApts(["train", ...args, ...limits, "--json", "--out", out]);
    expect(code).toBe(0);
    expect(JSON.parse(stdout)).toMatchObject({ ended: "seconds" });
    const lines = await readMetrics(out);
    expect(lines.at(-2)?.seconds ?? 0).toBeLessThan(0.3);
    expect(lines.at(-1)!.seconds).toBeGreaterThanOrEqual(0.3);
  }, 300_000);
});
