import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { Dataset } from "../../src/data/dataset.js";
import { readDataset, writeDataset } from "../../src/data/dataset-file.js";
import { UsageError } from "../../src/errors.js";
import { temporaryFolder } from "../helpers/apts.js";

const anyDataset: fc.Arbitrary<Dataset> = fc
  .record({
    count: fc.nat(5),
    sampleShape: fc.array(fc.integer({ min: 1, max: 4 }), { minLength: 1, maxLength: 3 }),
    classes: fc.integer({ min: 1, max: 1000 }),
    asFloats: fc.boolean(),
  })
  .map(({ count, sampleShape, classes, asFloats }) => {
    const size = count * sampleShape.reduce((a, b) => a * b);
    const features = asFloats
      ? Float32Array.from({ length: size }, (_, i) => Math.sin(i))
      : Uint8Array.from({ length: size }, (_, i) => i * 31);
    return {
      features,
      labels: Int32Array.from({ length: count }, (_, i) => i % classes),
      sampleShape,
      classes,
    };
  });

describe("writeDataset and readDataset", () => {
  it("give back what they were given", async () => {
    const path = join(temporaryFolder(), "data");
    await fc.assert(
      fc.asyncProperty(anyDataset, async (dataset) => {
        await writeDataset(path, dataset);
        expect(await readDataset(path)).toEqual(dataset);
      }),
    );
  });

  it("write a part of a larger array, not all of it", async () => {
    const path = join(temporaryFolder(), "data");
    const all = Uint8Array.from({ length: 100 }, (_, i) => i);
    const labels = Int32Array.from({ length: 10 }, (_, i) => i);
    const part = {
      features: all.subarray(20, 40),
      labels: labels.subarray(2, 4),
      sampleShape: [10],
      classes: 10,
    };
    await writeDataset(path, part);
    expect(await readDataset(path)).toEqual(part);
  });

  it("refuse what is no dataset file, or not all of one", async () => {
    const path = join(temporaryFolder(), "data");
    await expect(readDataset(path)).rejects.toThrow(UsageError);
    await expect(readDataset(path)).rejects.toThrow(`Expected a dataset file at ${path}: ENOENT`);
    await writeFile(path, "something else altogether");
    await expect(readDataset(path)).rejects.toThrow(
      `Expected ${path} to start with APTSDATA: it is no dataset file.`,
    );
    await writeDataset(path, {
      features: new Uint8Array(6),
      labels: new Int32Array(2),
      sampleShape: [3],
      classes: 1,
    });
    const whole = await readFile(path);
    for (let length = 0; length < whole.length; length++) {
      await writeFile(path, whole.subarray(0, length));
      await expect(readDataset(path)).rejects.toThrow(
        /Expected \d+ more bytes .* found its end: it is truncated\./,
      );
    }
  });
});
