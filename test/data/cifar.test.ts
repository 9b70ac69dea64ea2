import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { describe, expect, it } from "vitest";
import { readCifar } from "../../src/data/cifar.js";
import { UsageError } from "../../src/errors.js";
import { cifarRecord } from "../helpers/data/files.js";
import { temporaryFolder } from "../helpers/apts.js";
import { plain } from "../helpers/data/labelled.js";

async function fileOf(bytes: Uint8Array): Promise<string> {
  const path = join(temporaryFolder(), "batch.bin");
  await writeFile(path, bytes);
  return path;
}

describe("readCifar10", () => {
  it("joins files in order and puts channels last", async () => {
    const byte = (record: number) => (channel: number, pixel: number) =>
      (pixel + 50 * channel + record) % 256;
    const records = [3, 1, 9].map((label, record) => cifarRecord(label, byte(record)));
    const first = await fileOf(gzipSync(Buffer.concat(records.slice(0, 2))));
    const second = await fileOf(records[2]!);
    const dataset = plain(await readCifar("cifar10", [first, second]));
    expect([...dataset.labels]).toEqual([3, 1, 9]);
    expect(dataset.sampleShape).toEqual([32, 32, 3]);
    for (let record = 0; record < 3; record++) {
      for (let pixel = 0; pixel < 1024; pixel++) {
        for (let channel = 0; channel < 3; channel++) {
          expect(dataset.features[(record * 1024 + pixel) * 3 + channel]).toBe(byte(record)(channel, pixel));
        }
      }
    }
  });

  it.each([
    ["an empty file", Buffer.alloc(0), /records of 3073 bytes .* found 0 bytes/],
    [
      "a truncated file",
      cifarRecord(1, () => 0).subarray(1),
      /records of 3073 bytes .* found 3072 bytes, 0 records and 3072 bytes over: it is truncated/,
    ],
    ["a label out of range", cifarRecord(10, () => 0), /labels from 0 to 9 in .*, found 10 in record 0\./],
  ])("refuses %s", async (_, bytes, message) => {
    const reading = readCifar("cifar10", [await fileOf(bytes)]);
    await expect(reading).rejects.toThrow(UsageError);
    await expect(reading).rejects.toThrow(message);
  });
});
