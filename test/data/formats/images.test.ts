import { mkdirSync, symlinkSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { encode } from "jpeg-js";
import { PNG } from "pngjs";
import { describe, expect, it } from "vitest";
import { arrayOf } from "../../../src/data/dataset.js";
import { resized } from "../../../src/data/formats/image.js";
import { loadData, type LoadOptions } from "../../../src/data/load.js";
import { temporaryFolder } from "../../helpers/apts.js";
import { messageOf } from "../../helpers/data/message.js";

type Colour = readonly [number, number, number];

/** Pixels of red, green, blue and opacity, all of one colour or each of its own. */
function pixels(height: number, width: number, colour: Colour | ((pixel: number) => Colour)): Buffer {
  const all = Array.from({ length: height * width }, (_, i) => [
    ...(typeof colour === "function" ? colour(i) : colour),
    255,
  ]);
  return Buffer.from(all.flat());
}

function png(height: number, width: number, colour: Colour | ((pixel: number) => Colour)): Buffer {
  const image = new PNG({ height, width });
  image.data = pixels(height, width, colour);
  return PNG.sync.write(image);
}

function jpeg(height: number, width: number, colour: Colour): Buffer {
  return encode({ height, width, data: pixels(height, width, colour) }, 100).data;
}

function folderOf(files: Record<string, Buffer>): string {
  const folder = temporaryFolder();
  for (const [name, bytes] of Object.entries(files)) {
    mkdirSync(dirname(join(folder, name)), { recursive: true });
    writeFileSync(join(folder, name), bytes);
  }
  return folder;
}

const load = (name: string, options: Partial<LoadOptions> = {}) => loadData({ name, seed: 0, ...options });
const grey = (value: number): Colour => [value, value, value];

describe("a folder of images by class", () => {
  it("numbers classes in the order of their names; grey images have one channel", async () => {
    const folder = folderOf({
      "b/1.png": png(2, 3, grey(10)),
      "a/2.png": png(2, 3, grey(20)),
      "a/deeper/3.PNG": png(2, 3, grey(30)),
      "a/notes.txt": Buffer.from("not an image"),
      ".hidden/x.png": Buffer.from("not looked at"),
    });
    const { train, test } = await load(folder);
    expect(test).toBeUndefined();
    expect(train.inputs[0]!.shape).toEqual([2, 3, 1]);
    expect(train.targets[0]).toMatchObject({ classes: 2, names: ["a", "b"] });
    const values = arrayOf(train.inputs[0]!);
    const labels = arrayOf(train.targets[0]!);
    const found = Array.from(labels, (label, i) => [values[6 * i], label]);
    expect(found.sort((x, y) => x[0]! - y[0]!)).toEqual([
      [10, 1],
      [20, 0],
      [30, 0],
    ]);
  });

  it("has parts for training and test, PNG and JPEG, in colour", async () => {
    const folder = folderOf({
      "train/cat/1.png": png(4, 4, (pixel) => [pixel, 2 * pixel, 3 * pixel]),
      "train/dog/1.jpg": jpeg(4, 4, [200, 100, 50]),
      "test/dog/1.jpeg": jpeg(4, 4, [50, 100, 200]),
    });
    const { train, test } = await load(folder);
    expect(train.inputs[0]!.shape).toEqual([4, 4, 3]);
    const values = arrayOf(train.inputs[0]!);
    expect([...values.subarray(0, 9)]).toEqual([0, 0, 0, 1, 2, 3, 2, 4, 6]);
    [200, 100, 50].forEach((value, c) => {
      expect(Math.abs(values[48 + c]! - value)).toBeLessThan(4);
    });
    expect([...arrayOf(test!.targets[0]!)]).toEqual([1]);
  });

  it("shuffles, always the same, what has no test of its own", async () => {
    const files = Array.from(
      { length: 40 },
      (_, i) => [`${i < 20 ? "a" : "b"}/${i}.png`, png(1, 1, grey(i))] as const,
    );
    const folder = folderOf(Object.fromEntries(files));
    const [first, second] = [(await load(folder)).train, (await load(folder)).train];
    expect(first).toEqual(second);
    const labels = [...arrayOf(first.targets[0]!)].slice(32);
    expect(new Set(labels).size).toBe(2);
  });

  it("goes through links to folders and images, and names one to nothing", async () => {
    const images = folderOf({ "x/1.png": png(1, 1, grey(1)), "y/1.png": png(1, 1, grey(2)) });
    const folder = temporaryFolder();
    for (const name of ["x", "y"]) symlinkSync(join(images, name), join(folder, name));
    symlinkSync(join(images, "x", "1.png"), join(images, "x", "2.png"));
    const { train } = await load(folder);
    expect([train.count, train.targets[0]!.names]).toEqual([3, ["x", "y"]]);
    const dead = join(folder, "y", "2.png");
    symlinkSync(join(images, "none.png"), dead);
    expect(await messageOf(load(folder))).toBe(`Expected an image at ${dead}, but there is none.`);
  });

  it.each<[string, Record<string, Buffer>, Partial<LoadOptions>, RegExp]>([
    [
      "sizes that differ",
      { "a/1.png": png(2, 2, grey(1)), "b/1.png": png(3, 2, grey(1)) },
      {},
      /got 2 × 2 pixels in .*a.1\.png and 3 × 2 in .*b.1\.png\. Say one with --image-size/,
    ],
    [
      "a damaged image",
      { "a/1.png": png(2, 2, grey(1)).subarray(0, 50), "b/1.png": png(2, 2, grey(1)) },
      {},
      /a.1\.png to be a whole PNG or JPEG, but/,
    ],
    [
      "a damaged JPEG",
      { "a/1.jpg": Buffer.from("not a JPEG"), "b/1.png": png(2, 2, grey(1)) },
      {},
      /a.1\.jpg to be a whole PNG or JPEG, but/,
    ],
    [
      "another kind of image",
      { "a/1.gif": Buffer.from("GIF"), "b/1.png": png(2, 2, grey(1)) },
      {},
      /PNG and JPEG images, got .*1\.gif/,
    ],
    [
      "an empty class",
      { "a/1.txt": Buffer.from(""), "b/1.png": png(2, 2, grey(1)) },
      {},
      /images of a class in .*a, found none/,
    ],
    ["one class", { "a/1.png": png(2, 2, grey(1)) }, {}, /2 at least, got a/],
    [
      "a class in the test alone",
      {
        "train/a/1.png": png(1, 1, grey(1)),
        "train/b/1.png": png(1, 1, grey(1)),
        "test/a/1.png": png(1, 1, grey(1)),
        "test/c/1.png": png(1, 1, grey(1)),
      },
      {},
      /, got "c"/,
    ],
    [
      "regression",
      { "a/1.png": png(1, 1, grey(1)) },
      { task: "regression" },
      /--task classification for images/,
    ],
    [
      "half a size",
      { "a/1.png": png(1, 1, grey(1)), "b/1.png": png(1, 1, grey(1)) },
      { imageSize: [3] },
      /a height and a width, as in 32,32, got 3/,
    ],
  ])("refuses %s", async (_, files, options, message) => {
    expect(await messageOf(load(folderOf(files), options))).toMatch(message);
  });
});

describe("images of another size", () => {
  it("keep a colour, whatever the sizes", () => {
    for (const [height, width, toHeight, toWidth] of [
      [7, 5, 3, 8],
      [4, 4, 9, 2],
      [1, 1, 3, 3],
    ] as const) {
      const rgb = Uint8Array.from({ length: height * width * 3 }, (_, i) => [10, 100, 250][i % 3]!);
      const out = resized({ height, width, rgb }, toHeight, toWidth);
      expect([out.height, out.width]).toEqual([toHeight, toWidth]);
      expect([...out.rgb]).toEqual(
        Array.from({ length: toHeight * toWidth * 3 }, (_, i) => [10, 100, 250][i % 3]!),
      );
    }
  });

  it("are what PIL's BILINEAR makes of them", () => {
    const square = Uint8Array.from({ length: 16 * 3 }, (_, i) => 16 * Math.floor(i / 3));
    const half = resized({ height: 4, width: 4, rgb: square }, 2, 2);
    // Weights 3/8, 3/8, 1/8 (and 1/8 beyond the edge, left out): (3·0 + 3·1 + 1·2)/7 = 5/7 columns, rows alike.
    const at = (row: number, column: number) => 16 * (4 * row + column);
    const [near, far] = [5 / 7, 3 - 5 / 7];
    expect([0, 3, 6, 9].map((i) => half.rgb[i])).toEqual(
      [at(near, near), at(near, far), at(far, near), at(far, far)].map(Math.round),
    );
  });

  it("are read by --image-size", async () => {
    const folder = folderOf({ "a/1.png": png(2, 2, grey(1)), "b/1.png": png(3, 5, grey(9)) });
    const { train } = await load(folder, { imageSize: [4, 6] });
    expect(train.inputs[0]!.shape).toEqual([4, 6, 1]);
    expect(new Set(arrayOf(train.inputs[0]!))).toEqual(new Set([1, 9]));
  });
});
