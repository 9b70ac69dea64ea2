import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { arrayOf, type Dataset } from "../../../src/data/dataset.js";
import { loadData, type LoadOptions } from "../../../src/data/load.js";
import { temporaryFolder } from "../../helpers/apts.js";
import { messageOf } from "../../helpers/data/message.js";

function load(text: string | Buffer, options: Partial<LoadOptions> = {}, name = "table.csv") {
  const path = join(temporaryFolder(), name);
  writeFileSync(path, text);
  return loadData({ name: path, seed: 0, ...options });
}

/** Features and label of each sample, in the order of the first feature: samples are shuffled. */
function rowsOf({ count, inputs, targets }: Dataset): number[][] {
  const x = arrayOf(inputs[0]!);
  const y = arrayOf(targets[0]!);
  const size = x.length / count;
  return Array.from({ length: count }, (_, i) => [...x.subarray(i * size, (i + 1) * size), y[i]!]).sort(
    (a, b) => a[0]! - b[0]!,
  );
}

const IRIS = "sepal,petal,species\n5.5,1.5,setosa\n6.5,4.5,virginica\n7.5,5.5,setosa\n";

describe("a table", () => {
  it("has a header where words stand over numbers, and classes in sorted order", async () => {
    const { train, test, name } = await load(IRIS.replace("5.5,1.5,setosa", "5.5,1.5,virginica"));
    expect(name).toBe("table.csv");
    expect(test).toBeUndefined();
    expect(train.inputs[0]!.shape).toEqual([2]);
    expect(train.targets[0]).toMatchObject({ classes: 2, names: ["setosa", "virginica"], shape: [] });
    expect(rowsOf(train)).toEqual([
      [5.5, 1.5, 1],
      [6.5, 4.5, 1],
      [7.5, 5.5, 0],
    ]);
  });

  it.each([
    ["semicolons", IRIS.replaceAll(",", ";"), "table.csv"],
    ["tabs", IRIS.replaceAll(",", "\t"), "table.tsv"],
    ["lines of Windows", IRIS.replaceAll("\n", "\r\n"), "table.csv"],
    ["a byte order mark", `\ufeff${IRIS}`, "table.csv"],
    ["gzip", gzipSync(IRIS), "table.csv.gz"],
    ["quotes and empty lines", IRIS.replace("setosa", '"setosa"').replaceAll("\n", "\n\n"), "table.csv"],
    ["spaces", IRIS.replaceAll(",", " , "), "table.csv"],
  ])("is read with %s", async (_, text, name) => {
    const { train } = await load(text, {}, name);
    expect(rowsOf(train).map((row) => row.at(-1))).toEqual([0, 1, 0]);
    expect((await load(text, { label: "petal" }, name).catch(String)) as unknown).toMatch(
      /column 3 \(species\), got/,
    );
  });

  it("takes the label's column by name or number, and numbers as what they look like", async () => {
    const text = "age,rooms,price\n1,2,3.5\n4,2,4.5\n7,1,5.5\n2,1,6\n";
    const { train } = await load(text);
    expect(train.targets[0]!.classes).toBeUndefined();
    expect(rowsOf(train)[0]).toEqual([1, 2, 3.5]);
    for (const label of ["rooms", "2"]) {
      const { targets, inputs } = (await load(text, { label })).train;
      expect(targets[0]).toMatchObject({ classes: 2, names: ["1", "2"] });
      expect(inputs[0]!.shape).toEqual([2]);
    }
    const regression = await load(text, { label: "rooms", task: "regression" });
    expect(regression.train.targets[0]!.classes).toBeUndefined();
    expect(rowsOf(regression.train)[0]).toEqual([1, 3.5, 2]);
    const classes = await load(text, { label: "age", task: "classification" });
    expect(classes.train.targets[0]!.names).toEqual(["1", "2", "4", "7"]);
    expect((await load(text.slice(text.indexOf("\n") + 1), { label: "1" })).train.count).toBe(4);
  });

  it("keeps bytes as bytes, and takes rows of pixels for images", async () => {
    const text = "0,10,200,255,0\n1,2,3,4,1\n0,1,0,1,0\n255,1,0,1,1\n";
    const { train } = await load(text, { imageSize: [2, 2] });
    expect(train.inputs[0]!.values).toBeInstanceOf(Uint8Array);
    expect(train.inputs[0]!.shape).toEqual([2, 2, 1]);
    expect(train.targets[0]!.classes).toBe(2);
    expect(await messageOf(load(text, { imageSize: [3, 2] }))).toMatch(
      /samples of 3 × 2 pixels .* got 4 numbers each/,
    );
  });

  it("gives back the numbers that are written", async () => {
    const row = fc.array(fc.float({ noNaN: true, noDefaultInfinity: true }), { minLength: 3, maxLength: 3 });
    await fc.assert(
      fc.asyncProperty(fc.array(row, { minLength: 1, maxLength: 20 }), async (rows) => {
        const text = rows.map((cells) => cells.join(",")).join("\n");
        const { train } = await load(text, { task: "regression" });
        const inAnyOrder = (all: number[][]) => all.map((cells) => cells.map((x) => x + 0).join()).sort();
        const written = rows.map((cells) => cells.map(Math.fround));
        expect(inAnyOrder(rowsOf(train))).toEqual(inAnyOrder(written));
      }),
      { numRuns: 30 },
    );
  });

  it.each<[string, string, Partial<LoadOptions>, RegExp]>([
    [
      "an empty cell",
      "a,b\n1,2\n,3\n",
      {},
      /a number in .*table\.csv, row 3, column 1 \(a\), got an empty cell\. Leave such rows out, or put numbers there\.$/,
    ],
    ["a blank cell", "a,b\n1,2\n  ,3\n", {}, /row 3, column 1 \(a\), got an empty cell/],
    ["NaN", "1,2\n1,2\nNaN,3\n", {}, /row 3, column 1, got "NaN"\. Leave such rows out/],
    ["a number beyond float32", "1,2\n1e39,2\n", {}, /row 2, column 1, got "1e39"\. It is too large/],
    ["a comma in decimals", 'a,b\n"1,5",2\n', {}, /row 2, column 1 \(a\), got "1,5"\. .* with a point\.$/],
    ["a name of two columns", "a,a,b\n1,2,3\n", { label: "a" }, /"a", the name of column 1 and column 2\./],
    [
      "text among features",
      "a,b\n1,2\nred,3\n",
      {},
      /row 3, column 1 \(a\), got "red"\. Features are numbers/,
    ],
    ["a short row", "a,b\n1,2\n3\n", {}, /Expected 2 cells in .*, row 3, as in the first row, got 1/],
    ["a long row", "a,b\n1,2\n3,4,5\n", {}, /row 3, as in the first row, got 3/],
    ["no label", "a,b\n1,2\n3,\n", {}, /Expected a label in .*, row 3, column 2 \(b\), got an empty cell/],
    [
      "a word among numbers to predict",
      "a,b\n1,2.5\n3,n/a\n5,1\n",
      {},
      /a number, as in most rows, in .*, row 3, column 2 \(b\), got "n\/a"/,
    ],
    ["no such column", IRIS, { label: "colour" }, /got "colour"; it has the columns sepal, petal, species/],
    ["no such number", IRIS, { label: "4" }, /by name or by number from 1 to 3, got "4"/],
    ["one column", "a\n1\n", {}, /columns of features and one to predict in .*, got a single column \("a"\)/],
    ["no rows", "a,b\n", {}, /Expected rows of samples in .*, found none/],
    [
      "texts for regression",
      IRIS,
      { task: "regression" },
      /Expected numbers for --task regression in column 3 \(species\)/,
    ],
    ["open quotes", 'a,b\n1,"x\n2,y\n', {}, /whole quotes/],
  ])("names the place of %s", async (_, text, options, message) => {
    expect(await messageOf(load(text, options))).toMatch(message);
  });

  it("does not take every text for a class", async () => {
    const names = Array.from({ length: 30 }, (_, i) => `${i},person ${i}`).join("\n");
    expect(await messageOf(load(names))).toMatch(/got 30 different texts of 30 samples/);
    expect((await load(names, { task: "classification" })).train.targets[0]!.classes).toBe(30);
  });

  it("stands beside one for the test, of the same columns and classes", async () => {
    const folder = temporaryFolder();
    const write = (name: string, text: string): void => {
      writeFileSync(join(folder, name), text);
    };
    write("train.csv", IRIS);
    write("test.csv", "sepal,petal,species\n1,2,virginica\n3,4,other\n");
    const { train, test } = await loadData({ name: folder, seed: 0 });
    expect(train.targets[0]!.names).toEqual(["other", "setosa", "virginica"]);
    expect([...arrayOf(train.targets[0]!)]).toEqual([1, 2, 1]); // in the file's order
    expect([...arrayOf(test!.targets[0]!)]).toEqual([2, 0]);
    write("test.csv", "sepal,width,species\n1,2,virginica\n");
    expect(await messageOf(loadData({ name: folder, seed: 0 }))).toMatch(/got no column "petal"/);
    write("test.csv", "petal,sepal,species\n1,2,virginica\n");
    expect(await messageOf(loadData({ name: folder, seed: 0 }))).toMatch(
      /\(sepal, petal, species\), got petal/,
    );
  });
});
