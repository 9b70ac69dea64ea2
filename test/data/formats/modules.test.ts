import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { arrayOf } from "../../../src/data/dataset.js";
import { loadData } from "../../../src/data/load.js";
import { temporaryFolder } from "../../helpers/apts.js";
import { messageOf } from "../../helpers/data/message.js";

function load(source: string, name = "data.mjs") {
  const path = join(temporaryFolder(), name);
  writeFileSync(path, source);
  return loadData({ name: path, seed: 0 });
}

describe("a module of data", () => {
  it("gives what train() takes", async () => {
    const { train, test, name } = await load(
      `export async function createData() {
         return {
           train: { features: [[1, 2], [3, 4]], labels: [0, 1] },
           test: { features: [[5, 6]], labels: [1] },
         };
       }`,
    );
    expect(name).toBe("data.mjs");
    expect([...arrayOf(train.inputs[0]!)]).toEqual([1, 2, 3, 4]);
    expect([...arrayOf(test!.targets[0]!)]).toEqual([1]);
  });

  it.each([
    ["no createData", "export const data = 1;", /to export a function createData, got data/],
    [
      "one that fails",
      "export function createData() { throw new Error('no disk'); }",
      /to make data, but it failed: no disk/,
    ],
    [
      "other data",
      "export const createData = () => ({ train: { features: [[1, NaN]], labels: [0] } });",
      /createData\(\) of .*\.train\.features/,
    ],
    [
      "no data",
      "export const createData = () => 5;",
      /Expected createData\(\) of .* to be \{ train, test \}/,
    ],
  ])("is refused with %s", async (_, source, message) => {
    expect(await messageOf(load(source))).toMatch(message);
  });
});
