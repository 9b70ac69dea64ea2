import { mkdtempSync, readFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { chunkCount, largestChunk } from "../../src/network/batch.js";
import { miniBatches, miniBatchSizes } from "../../src/data/batches.js";
import { Random } from "../../src/random.js";
import { UsageError } from "../../src/errors.js";
import { run } from "../helpers/run/run.js";
import { writeModule } from "../helpers/apts.js";

const folder = mkdtempSync(join(tmpdir(), "apts-ghost-"));
const model = writeModule(
  folder,
  `export function createModel({ tf, sampleShape, classes }) {
     const inner = tf.sequential({ layers: [
       tf.layers.flatten({ inputShape: sampleShape }),
       tf.layers.dense({ units: 64, kernelInitializer: tf.initializers.glorotNormal({ seed: 1 }) }),
       tf.layers.batchNormalization(), tf.layers.reLU() ] });
     return tf.sequential({ layers: [inner,
       tf.layers.dense({ units: classes, kernelInitializer: tf.initializers.glorotNormal({ seed: 2 }) })] });
   }`,
);
const plain = { epochs: 2, trainSamples: 600, method: "lbfgs" };
let count = 0;
const out = () => join(folder, `run-${count++}`);

describe("the groups of batch normalisation", () => {
  it("are the batch cut evenly, whatever the number of ranks", () => {
    expect([1, 255, 256, 257, 600, 50_000].map((rows) => chunkCount(rows, { groupRows: 256 }))).toEqual([
      1, 1, 1, 2, 3, 196,
    ]);
    expect(largestChunk(600, { groupRows: 256 })).toBe(200);
    for (const [rows, batches, overlap] of [
      [100, 7, 0.1],
      [64, 64, 0],
      [99, 1, 0.5],
      [1000, 3, 0.33],
    ] as const) {
      const made = miniBatches(rows, batches, overlap, new Random(1)).map(({ length }) => length);
      expect(miniBatchSizes(rows, batches, overlap)).toEqual(made);
    }
  });

  it("do not depend on memory, nor on the evaluator, and are recorded", async () => {
    const wanted = await run(out(), { ...plain, model });
    for (const values of [{ memory: 8 }, { memory: 4000 }]) {
      expect((await run(out(), { ...plain, model, ...values })).summary.loss).toBe(wanted.summary.loss);
    }
    const cpu = await run(out(), { ...plain, model, backend: "cpu" });
    expect(cpu.summary.loss).toBeCloseTo(wanted.summary.loss, 3);
    const options = (path: string) =>
      (JSON.parse(readFileSync(join(path, "config.json"), "utf8")) as { options: Record<string, unknown> })
        .options;
    expect(options(wanted.summary.out)["ghostBatch"]).toBe(256);
    const other = await run(out(), { ...plain, model, ghostBatch: 100 });
    expect(Math.abs(other.summary.loss - wanted.summary.loss)).toBeGreaterThan(1e-4);
  });

  it("that memory cannot hold are refused with what they take, before anything is written", async () => {
    const path = out();
    const values = { ...plain, model, memory: 7, ghostBatch: 600 };
    await expect(run(path, values)).rejects.toThrow(
      /Expected to evaluate 600 samples of .* in \d MB, but that takes \d MB/,
    );
    await expect(run(path, values)).rejects.toBeInstanceOf(UsageError);
    expect(() => readFileSync(join(path, "config.json"))).toThrow("ENOENT");
  });

  it("must stay for a resume, but where the model has no batch normalisation", async () => {
    const first = await run(out(), { ...plain, model });
    await expect(
      run(first.summary.out, { ...plain, model, epochs: 3, ghostBatch: 100 }, { beginning: "resume" }),
    ).rejects.toThrow("--ghost-batch 100 instead of 256");
    await run(first.summary.out, { ...plain, model, epochs: 3, memory: 4000 }, { beginning: "resume" });
    const without = await run(out(), plain);
    const longer = { ...plain, epochs: 3, ghostBatch: 100 };
    expect((await run(without.summary.out, longer, { beginning: "resume" })).summary.epochs).toBe(3);
  });
});
