import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { labelled, sizeOf, type Dataset, type Field, type Target } from "../../src/data/dataset.js";
import { readDataset, writeDataset } from "../../src/data/dataset-file.js";
import { UsageError } from "../../src/errors.js";
import { temporaryFolder } from "../helpers/apts.js";

const anyValues = fc.constantFrom(
  (size: number) => Float32Array.from({ length: size }, (_, i) => Math.sin(i)),
  (size: number) => Uint8Array.from({ length: size }, (_, i) => i * 31),
  (size: number) => Int32Array.from({ length: size }, (_, i) => i - 3),
);
const anyShape = fc.array(fc.integer({ min: 1, max: 4 }), { maxLength: 3 });
const anyField = fc
  .tuple(anyValues, anyShape)
  .map(([make, shape]) => (count: number): Field => ({ values: make(count * sizeOf(shape)), shape }));
const anyTarget = fc
  .tuple(anyField, fc.option(fc.integer({ min: 1, max: 1000 })), fc.option(anyField))
  .map(([make, classes, weights]) => (count: number): Target => ({
    ...make(count),
    ...(classes === null ? {} : { classes }),
    ...(weights === null ? {} : { weights: weights(count) }),
  }));
const several = <T>(of: fc.Arbitrary<T>) => fc.array(of, { minLength: 1, maxLength: 3 });

const anyDataset: fc.Arbitrary<Dataset> = fc
  .tuple(fc.nat(5), several(anyField), several(anyTarget))
  .map(([count, inputs, targets]) => ({
    count,
    inputs: inputs.map((make) => make(count)),
    targets: targets.map((make) => make(count)),
  }));

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
    const part = labelled({
      features: all.subarray(20, 40),
      labels: labels.subarray(2, 4),
      sampleShape: [10],
      classes: 10,
    });
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
    const few = { features: new Uint8Array(6), labels: new Int32Array(2), sampleShape: [3], classes: 1 };
    await writeDataset(path, labelled(few));
    const whole = await readFile(path);
    for (let length = 0; length < whole.length; length++) {
      await writeFile(path, whole.subarray(0, length));
      await expect(readDataset(path)).rejects.toThrow(
        /Expected \d+ more bytes .* found its end: it is truncated\./,
      );
    }
  });
});
