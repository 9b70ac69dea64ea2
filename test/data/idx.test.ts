import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { describe, expect, it } from "vitest";
import { readIdx, readIdxPair } from "../../src/data/idx.js";
import { UsageError } from "../../src/errors.js";
import { idxBytes } from "../helpers/data/files.js";
import { temporaryFolder } from "../helpers/apts.js";
import { plain } from "../helpers/data/labelled.js";

const images = idxBytes([3, 2, 2], [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 255]);

async function fileOf(bytes: Uint8Array, name = "some-file"): Promise<string> {
  const path = join(temporaryFolder(), name);
  await writeFile(path, bytes);
  return path;
}

async function messageOf(promise: Promise<unknown>): Promise<string> {
  const error: unknown = await promise.then(
    () => undefined,
    (reason: unknown) => reason,
  );
  expect(error).toBeInstanceOf(UsageError);
  return (error as UsageError).message;
}

describe("readIdx", () => {
  it("reads plain and gzip files, whatever their names", async () => {
    for (const bytes of [images, gzipSync(images)]) {
      const { shape, data } = await readIdx(await fileOf(bytes));
      expect(shape).toEqual([3, 2, 2]);
      expect([...data]).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 255]);
    }
  });

  it("reads an array without elements", async () => {
    expect((await readIdx(await fileOf(idxBytes([0, 28, 28], [])))).data.length).toBe(0);
  });

  it.each([
    ["is empty", Buffer.alloc(0), /idx magic number 00 00 08 .*, found an empty file\./],
    ["has another magic number", Buffer.from("PNG\n...."), /idx magic number .*, found 50 4e 47 0a\./],
    ["has no dimensions", Buffer.from([0, 0, 8, 0]), /dimension count, found 00 00 08 00\./],
    [
      "holds floats",
      Buffer.from([0, 0, 0x0d, 1, 0, 0, 0, 0]),
      /unsigned bytes \(idx type 08\), found idx type 0d\./,
    ],
    [
      "ends in its header",
      images.subarray(0, 9),
      /a header of 16 bytes .*, found 9 bytes in all: it is truncated/,
    ],
    [
      "ends early",
      images.subarray(0, -1),
      /3 × 2 × 2 = 12 bytes after its header, found 11: it is truncated/,
    ],
    ["goes on", Buffer.concat([images, Buffer.of(0)]), /= 12 bytes .*, found 13: it has trailing bytes/],
    [
      "is gzip cut short",
      gzipSync(images).subarray(0, -9),
      /complete gzip file, found it damaged \(.*\)\. Fetch/,
    ],
    ["is gzip with a wrong byte", withByteFlipped(gzipSync(images)), /complete gzip file, found it damaged/],
  ])("says so when a file %s", async (_, bytes, message) => {
    const path = await fileOf(bytes);
    const found = await messageOf(readIdx(path));
    expect(found).toMatch(message);
    expect(found).toContain(path);
  });

  it("says so when there is no file, or a folder", async () => {
    const path = join(temporaryFolder(), "absent");
    expect(await messageOf(readIdx(path))).toBe(`Expected a data file at ${path}, but there is none.`);
    await mkdir(path);
    expect(await messageOf(readIdx(path))).toBe(
      `Expected a data file at ${path}, a regular file, but that is a folder.`,
    );
  });
});

describe("readIdxPair", () => {
  it("makes samples of height × width × 1", async () => {
    const images3 = await fileOf(images);
    const dataset = plain(await readIdxPair(images3, await fileOf(idxBytes([3], [9, 0, 4])), 10));
    expect(dataset.sampleShape).toEqual([2, 2, 1]);
    expect([...dataset.labels]).toEqual([9, 0, 4]);
    expect(dataset.features.length).toBe(12);
    expect(dataset.classes).toBe(10);
  });

  it("refuses files without samples", async () => {
    const [none, labels] = [await fileOf(idxBytes([0, 2, 2], [])), await fileOf(idxBytes([0], []))];
    expect(await messageOf(readIdxPair(none, labels, 10))).toBe(
      `Expected samples in ${none}, found none: it is empty.`,
    );
  });

  it("sees that labels count from 1", async () => {
    const labels = await fileOf(idxBytes([3], [1, 10, 4]));
    expect(await messageOf(readIdxPair(await fileOf(images), labels, 10))).toMatch(
      /found 10 at index 1\. They count from 1: subtract one from each\.$/,
    );
  });

  it("sees a web page in the place of a file", async () => {
    const page = await fileOf(Buffer.from("<!DOCTYPE html><html>404</html>"));
    expect(await messageOf(readIdx(page))).toMatch(
      /That is a web page, saved in its place: fetch the file again\.$/,
    );
  });

  it.each([
    [
      "counts differ",
      images,
      idxBytes([2], [0, 1]),
      /one label per image, found 3 images in .* and 2 labels in /,
    ],
    [
      "a label is out of range",
      images,
      idxBytes([3], [0, 10, 1]),
      /labels from 0 to 9 in .*, found 10 at index 1\./,
    ],
    [
      "files are swapped",
      idxBytes([3], [0, 1, 2]),
      images,
      /to hold images .*3 dimensions\), found shape 3\./,
    ],
  ])("says so when %s", async (_, imageBytes, labelBytes, message) => {
    expect(await messageOf(readIdxPair(await fileOf(imageBytes), await fileOf(labelBytes), 10))).toMatch(
      message,
    );
  });
});

function withByteFlipped(bytes: Buffer): Buffer {
  const copy = Buffer.from(bytes);
  const middle = copy.length - 6; // in the checksum
  copy[middle] = copy[middle]! ^ 0xff;
  return copy;
}
