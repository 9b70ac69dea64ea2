import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import fc from "fast-check";
import { zipSync } from "fflate";
import { describe, expect, it } from "vitest";
import { arrayOf, isStreamed } from "../../../src/data/dataset.js";
import { loadData, type LoadOptions } from "../../../src/data/load.js";
import { parseNpy } from "../../../src/data/formats/npy.js";
import { temporaryFolder } from "../../helpers/apts.js";
import { messageOf } from "../../helpers/data/message.js";
import { bytesOf, npyBytes, npyOf } from "../../helpers/data/npy.js";

const floats = (count: number): Float32Array => Float32Array.from({ length: count }, (_, i) => i / 4 - 3);
const classes = (count: number): BigInt64Array =>
  BigInt64Array.from({ length: count }, (_, i) => BigInt(i % 3));

/** Files of these names in a new folder. */
function folderOf(files: Record<string, Buffer>): string {
  const folder = temporaryFolder();
  for (const [name, bytes] of Object.entries(files)) writeFileSync(join(folder, name), bytes);
  return folder;
}

function npz(files: Record<string, Buffer>, level: 0 | 6 = 6): string {
  const members = Object.entries(files).map(([name, bytes]) => [`${name}.npy`, Uint8Array.from(bytes)]);
  return join(
    folderOf({ "data.npz": Buffer.from(zipSync(Object.fromEntries(members) as never, { level })) }),
    "data.npz",
  );
}

const load = (name: string, options: Partial<LoadOptions> = {}) => loadData({ name, seed: 0, ...options });

describe("a .npy file", () => {
  it("gives the numbers of every type, by rows whatever their order in the file", () => {
    const kinds: [string, (numbers: number[]) => ArrayBufferView][] = [
      ["<f4", (x) => Float32Array.from(x)],
      ["<f8", (x) => Float64Array.from(x)],
      ["|i1", (x) => Int8Array.from(x)],
      ["|u1", (x) => Uint8Array.from(x)],
      ["<i2", (x) => Int16Array.from(x)],
      ["<u2", (x) => Uint16Array.from(x)],
      ["<i4", (x) => Int32Array.from(x)],
      ["<u4", (x) => Uint32Array.from(x)],
      ["<i8", (x) => BigInt64Array.from(x.map(BigInt))],
      [">u2", (x) => bytesOf(Uint16Array.from(x)).swap16()],
      [">f8", (x) => bytesOf(Float64Array.from(x)).swap64()],
    ];
    const shapes = fc.array(fc.integer({ min: 1, max: 4 }), { minLength: 1, maxLength: 4 });
    fc.assert(
      fc.property(
        shapes,
        fc.constantFrom(...kinds),
        fc.boolean(),
        fc.constantFrom(1, 2),
        (shape, kind, fortran, version) => {
          const [descr, make] = kind;
          const count = shape.reduce((a, b) => a * b, 1);
          const numbers = Array.from({ length: count }, (_, i) => i % 128);
          const placed = fortran ? columnsFirst(numbers, shape) : numbers;
          const file = npyBytes(descr, shape, bytesOf(make(placed)), { fortran, version });
          const { values, shape: read } = parseNpy(file, "x.npy");
          expect(read).toEqual(shape);
          expect(Array.from(values as Float32Array)).toEqual(numbers);
        },
      ),
    );
  });

  it("reads negative 64-bit integers, half precision and texts", () => {
    const integers = npyOf("<i8", [3], BigInt64Array.of(-1n, -(2n ** 40n), 2n ** 33n + 1n));
    expect(Array.from(parseNpy(integers, "x").values as Float64Array)).toEqual([-1, -(2 ** 40), 2 ** 33 + 1]);
    // 1.5, −2, the smallest and the largest that half precision has, infinity
    const halves = npyOf("<f2", [5], Uint16Array.of(0x3e00, 0xc000, 0x0001, 0x7bff, 0x7c00));
    expect(Array.from(parseNpy(halves, "x").values as Float32Array)).toEqual([
      1.5,
      -2,
      2 ** -24,
      65504,
      Infinity,
    ]);
    const codes = Array.from("cat\0über", (c) => c.codePointAt(0)!);
    const texts = npyOf("<U4", [2], Uint32Array.from(codes));
    expect(parseNpy(texts, "x").values).toEqual(["cat", "über"]);
  });

  it.each<[string, Buffer, RegExp]>([
    ["other bytes", Buffer.from("PK\x03\x04 and so on"), /begin as a \.npy file does/],
    ["Python objects", npyBytes("|O", [3], Buffer.alloc(9)), /type "\|O", Python objects/],
    ["complex numbers", npyBytes("<c8", [1], Buffer.alloc(8)), /got the type "<c8"/],
    [
      "a file cut short",
      npyBytes("<f4", [3], Buffer.alloc(9)),
      /hold 3 values, 12 bytes after its header, found 9/,
    ],
  ])("refuses %s", (_, bytes, message) => {
    expect(() => parseNpy(bytes, "x.npy")).toThrow(message);
  });

  it("goes with one of what is to be predicted: whole numbers are classes, others are of any shape", async () => {
    const folder = folderOf({
      "x.npy": npyOf("<f4", [12, 2, 3], floats(72)),
      "classes.npy": npyOf("<i8", [12], classes(12)),
      "y.npy": npyOf("<f4", [12, 2], floats(24)),
    });
    const data = join(folder, "x.npy");
    const classified = await load(data, { label: join(folder, "classes.npy") });
    expect(classified.train.inputs[0]).toEqual({ values: floats(72), shape: [2, 3] });
    expect(classified.train.targets[0]).toMatchObject({ classes: 3, shape: [] });
    const { train } = await load(data, { label: join(folder, "y.npy") });
    expect(train.targets[0]).toEqual({ values: floats(24), shape: [2] });
    const { train: auto } = await load(data, { label: data });
    expect(auto.targets[0]).toEqual({ values: floats(72), shape: [2, 3] });
    const counted = await load(data, { label: join(folder, "classes.npy"), task: "regression" });
    expect(counted.train.targets[0]!.classes).toBeUndefined();
    expect(await messageOf(load(data))).toMatch(
      /--label to be the \.npy file of what is to be predicted beside .*, got none/,
    );
  });

  it("stays in its file where it is large, and is the same then", async () => {
    const folder = folderOf({
      "x.npy": npyOf("<f8", [12, 6], Float64Array.from(floats(72))),
      "y.npy": npyOf("<i8", [12], classes(12)),
    });
    const held = await load(folder);
    const streamed = await load(folder, { mostInMemory: 100 });
    expect([isStreamed(held.train), isStreamed(streamed.train)]).toEqual([false, true]);
    expect(arrayOf(streamed.train.inputs[0]!)).toEqual(arrayOf(held.train.inputs[0]!));
    expect(streamed.train.targets).toEqual(held.train.targets);
    const columns = npyBytes("<f8", [12, 6], bytesOf(new Float64Array(72)), { fortran: true });
    writeFileSync(join(folder, "x.npy"), columns);
    expect(await messageOf(load(folder, { mostInMemory: 100 }))).toMatch(
      /too large to be read whole, got columns/,
    );
  });

  it("names the index of what is no number", async () => {
    const x = floats(24);
    x[15] = NaN;
    const y = floats(4);
    y[2] = Infinity;
    const files = { "x.npy": npyOf("<f4", [4, 2, 3], x), "y.npy": npyOf("<f4", [4], floats(4)) };
    expect(await messageOf(load(folderOf(files)))).toMatch(
      /finite numbers in .*x\.npy, got NaN at \[2, 1, 0\]/,
    );
    const others = { "x.npy": npyOf("<f4", [4, 6], floats(24)), "y.npy": npyOf("<f4", [4], y) };
    expect(await messageOf(load(folderOf(others)))).toMatch(
      /finite numbers in .*y\.npy, got Infinity at \[2\]/,
    );
  });
});

describe("arrays by name", () => {
  const x = npyOf(
    "|u1",
    [6, 2, 2],
    Uint8Array.from({ length: 24 }, (_, i) => i),
  );
  const y = npyOf("|u1", [6], Uint8Array.of(0, 1, 2, 0, 1, 2));
  const x2 = npyOf("|u1", [3, 2, 2], new Uint8Array(12));
  const y2 = npyOf("|u1", [3], Uint8Array.of(2, 1, 0));

  it.each([
    ["x_train", "y_train", "x_test", "y_test"],
    ["train_images", "train_labels", "val_images", "val_labels"],
    ["X_train", "Y_train", "X_valid", "Y_valid"],
    ["features", "labels", undefined, undefined],
    ["arr_0", "arr_1", undefined, undefined],
    ["data", "target", "test_data", "test_target"],
  ])("%s and %s, %s and %s are understood, in a .npz and as files", async (a, b, c, d) => {
    const arrays = { [a]: x, [b]: y, ...(c === undefined ? {} : { [c]: x2, [d]: y2 }) };
    const files = Object.fromEntries(Object.entries(arrays).map(([name, bytes]) => [`${name}.npy`, bytes]));
    for (const name of [npz(arrays), npz(arrays, 0), ...(a === "arr_0" ? [] : [folderOf(files)])]) {
      const { train, test } = await load(name);
      expect(train.count).toBe(6);
      expect(train.inputs[0]!.shape).toEqual([2, 2]);
      expect(train.targets[0]!.classes).toBe(3);
      expect(test?.count).toBe(c === undefined ? undefined : 3);
      if (test) expect([...arrayOf(test.targets[0]!)]).toEqual([2, 1, 0]);
    }
    expect((await load(npz(arrays), { imageSize: [2, 2] })).train.inputs[0]!.shape).toEqual([2, 2, 1]);
  });

  it("takes one-hot rows for classes, and texts", async () => {
    const rows = npyOf(
      "|u1",
      [6, 3],
      Uint8Array.from({ length: 18 }, (_, i) => (Math.floor(i / 3) % 3 === i % 3 ? 1 : 0)),
    );
    expect([...arrayOf((await load(npz({ x, y: rows }))).train.targets[0]!)]).toEqual([0, 1, 2, 0, 1, 2]);
    const words = npyOf("<U1", [6], Uint32Array.from(Array.from("bababa", (c) => c.codePointAt(0)!)));
    const { train } = await load(npz({ x, y: words }));
    expect(train.targets[0]).toMatchObject({ names: ["a", "b"], values: Int32Array.of(1, 0, 1, 0, 1, 0) });
  });

  it("says which are missing, or do not fit together", async () => {
    expect(await messageOf(load(npz({ weights: x, bias: y })))).toMatch(
      /Expected the arrays x_train and y_train .* in .*data\.npz, got weights, bias\.$/,
    );
    expect(await messageOf(load(npz({ x, y: y2 })))).toMatch(
      /as many rows in x\.npy of .* as in y\.npy of .*\[6, 2, 2\] and \[3\]/,
    );
    expect(await messageOf(load(npz({ x, y }), { label: "1" }))).toMatch(
      /Expected no --label for a \.npz file/,
    );
    const damaged = join(folderOf({ "data.npz": Buffer.from("no archive at all") }), "data.npz");
    expect(await messageOf(load(damaged))).toMatch(/to be a whole \.npz file, but/);
    const empty = join(temporaryFolder(), "empty");
    mkdirSync(empty);
    expect(await messageOf(load(empty))).toMatch(/a folder for each class of images in .*, got nothing/);
  });
});

/** Numbers by rows, in the order of a file that has columns first. */
function columnsFirst(numbers: readonly number[], shape: readonly number[]): number[] {
  if (shape.length <= 1) return [...numbers];
  const out = new Array<number>(numbers.length);
  numbers.forEach((value, i) => {
    let rest = i;
    const index = shape.toReversed().map((side) => {
      const at = rest % side;
      rest = Math.floor(rest / side);
      return at;
    });
    const [at] = index
      .toReversed()
      .reduce(([sum, stride], place, axis) => [sum + place * stride, stride * shape[axis]!], [0, 1]);
    out[at] = value;
  });
  return out;
}
