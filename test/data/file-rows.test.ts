import { writeFileSync } from "node:fs";
import { join } from "node:path";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { gatherRows } from "../../src/data/batches.js";
import { arrayOf, blocksOf, rowsOf, type Dataset, type Field } from "../../src/data/dataset.js";
import { readDataset, writeDataset } from "../../src/data/dataset-file.js";
import { FileRows } from "../../src/data/file-rows.js";
import { normalisationOf } from "../../src/data/normalisation.js";
import type { NumberType } from "../../src/data/number-type.js";
import { temporaryFolder } from "../helpers/apts.js";
import { bytesOf } from "../helpers/data/npy.js";

const types: { type: NumberType; make: (numbers: number[]) => ArrayBufferView }[] = [
  { type: { kind: "f", bytes: 4, bigEndian: false }, make: (x) => Float32Array.from(x) },
  { type: { kind: "f", bytes: 8, bigEndian: false }, make: (x) => Float64Array.from(x) },
  { type: { kind: "u", bytes: 1, bigEndian: false }, make: (x) => Uint8Array.from(x) },
  { type: { kind: "i", bytes: 2, bigEndian: false }, make: (x) => Int16Array.from(x) },
  { type: { kind: "i", bytes: 8, bigEndian: false }, make: (x) => BigInt64Array.from(x.map(BigInt)) },
  { type: { kind: "i", bytes: 4, bigEndian: true }, make: bigEndian },
];

function bigEndian(numbers: number[]): Uint8Array {
  const bytes = Buffer.alloc(4 * numbers.length);
  numbers.forEach((x, i) => bytes.writeInt32BE(x, 4 * i));
  return bytes;
}

/** The numbers as rows of a file that begins with other bytes. */
function rowsIn(
  folder: string,
  numbers: number[],
  shape: number[],
  { type, make }: (typeof types)[number],
): Field {
  const path = join(folder, "rows");
  writeFileSync(path, Buffer.concat([Buffer.from("head"), bytesOf(make(numbers))]));
  const rows = numbers.length / shape.reduce((a, b) => a * b, 1);
  return { values: new FileRows({ path, offset: 4, type, shape, rows }), shape };
}

const numbers = fc.array(fc.integer({ min: 0, max: 100 }), { minLength: 60, maxLength: 60 });

describe("rows of a file", () => {
  it("are gathered and normalised as those in memory, whatever their type", () => {
    const folder = temporaryFolder();
    fc.assert(
      fc.property(
        numbers,
        fc.constantFrom(...types),
        fc.constantFrom<number[][]>([6], [2, 3], [3, 2, 1]),
        fc.array(fc.nat(7), { maxLength: 12 }),
        (all, kind, shape, picked) => {
          const whole = { count: 10, inputs: [rowsIn(folder, all, shape, kind)], targets: [] };
          const { inputs } = rowsOf(whole, 1, 9);
          const [field] = inputs as [Field];
          const kept = all.slice(6, 54);
          const held = {
            values: kind.type.kind === "u" ? Uint8Array.from(kept) : Float32Array.from(kept),
            shape,
          };
          expect([...arrayOf(field)]).toEqual([...held.values]);
          const normalisation = normalisationOf(held);
          const streamed = normalisationOf(field);
          streamed.mean.forEach((mean, i) => {
            expect(mean).toBeCloseTo(normalisation.mean[i]!, 4);
            const deviation = normalisation.deviation[i]!;
            if (deviation === Infinity) expect(streamed.deviation[i]).toBe(Infinity);
            else expect(streamed.deviation[i]).toBeCloseTo(deviation, 4);
          });
          for (const scale of [undefined, normalisation]) {
            const gather = (from: Field) =>
              gatherRows(from, Int32Array.from(picked), new Float32Array(picked.length * 6), scale);
            expect([...gather(field)]).toEqual([...gather(held)]);
          }
        },
      ),
    );
  });

  it("are gone through in blocks", () => {
    const all = Array.from({ length: 6_000_000 }, (_, i) => (i * 7) % 251);
    const field = rowsIn(temporaryFolder(), all, [3], types[2]!);
    let count = 0;
    let sum = 0;
    for (const block of blocksOf(field)) {
      count++;
      for (const value of block) sum += value;
    }
    expect(count).toBeGreaterThan(1);
    expect(sum).toBe(all.reduce((a, b) => a + b));
  });

  it("name the place of a number that is none", () => {
    const all = Array.from({ length: 24 }, (_, i) => (i === 17 ? NaN : i));
    const field = rowsIn(temporaryFolder(), all, [2, 3], types[0]!);
    const read = (): unknown => gatherRows(field, Int32Array.of(1, 2), new Float32Array(12));
    expect(read).toThrow(/Expected finite numbers in .*rows, got NaN at \[2, 1, 2\] \(counted from 0\)/);
  });

  it("are what a large array of a dataset file is read as", async () => {
    const path = join(temporaryFolder(), "data");
    const values = Float32Array.from({ length: 40 }, (_, i) => i / 3);
    const labels = Int32Array.from({ length: 10 }, (_, i) => i % 3);
    const dataset: Dataset = {
      count: 10,
      inputs: [{ values, shape: [4] }],
      targets: [{ values: labels, shape: [], classes: 3, names: ["a", "b", "c"] }],
    };
    await writeDataset(path, dataset);
    const read = await readDataset(path, 100);
    expect(read.inputs[0]!.values).toBeInstanceOf(FileRows);
    expect(arrayOf(read.inputs[0]!)).toEqual(values);
    expect(read.targets).toEqual(dataset.targets);
  });
});
