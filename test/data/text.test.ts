import { writeFileSync } from "node:fs";
import { join } from "node:path";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { gatherRows } from "../../src/data/batches.js";
import { rowsOf, type Field } from "../../src/data/dataset.js";
import { loadData, type LoadOptions } from "../../src/data/load.js";
import { temporaryFolder } from "../helpers/apts.js";
import { messageOf } from "../helpers/data/message.js";

function load(text: string | Buffer, options: Partial<LoadOptions> = {}) {
  const path = join(temporaryFolder(), "text.txt");
  writeFileSync(path, text);
  return loadData({ name: "text", directory: path, seed: 0, ...options });
}

const gather = (field: Field, rows: number[]): number[] => [
  ...gatherRows(field, Int32Array.from(rows), new Float32Array(rows.length * field.shape[0]!)),
];

describe("a text", () => {
  it("is blocks of symbols, each with the one that follows", async () => {
    const symbols = fc.constantFrom("a", "b", "é", "\n", "𝄞");
    await fc.assert(
      fc.asyncProperty(
        fc.array(symbols, { minLength: 9, maxLength: 60 }),
        fc.integer({ min: 1, max: 8 }),
        async (text, block) => {
          const { train, test } = await load(text.join(""), { block });
          expect(test).toBeUndefined();
          const { count, inputs, targets } = train;
          expect(count).toBe(Math.floor((text.length - 1) / block));
          const { names, classes } = targets[0]!;
          expect(names).toEqual([...new Set(text)].sort((a, b) => a.codePointAt(0)! - b.codePointAt(0)!));
          expect(classes).toBe(names!.length);
          const rows = Array.from({ length: count }, (_, i) => count - 1 - i);
          const decode = (field: Field) => gather(field, rows).map((code) => names![code]!);
          const expected = (shift: number) =>
            rows.flatMap((row) => text.slice(row * block + shift, (row + 1) * block + shift));
          expect(decode(inputs[0]!)).toEqual(expected(0));
          expect(decode(targets[0]!)).toEqual(expected(1));
          if (count < 2) return;
          const later = rowsOf(train, 1, count);
          expect(gather(later.inputs[0]!, [0])).toEqual(gather(inputs[0]!, [1]));
        },
      ),
      { numRuns: 50 },
    );
  });

  it("is read by bytes where they are no UTF-8, or it is asked for", async () => {
    const bytes = Buffer.from([200, 10, 200, 10, 7]);
    expect(await messageOf(load(bytes, { block: 2 }))).toMatch(
      /to be text in UTF-8, but: .* Read it by --tokens bytes\./,
    );
    const { train } = await load(bytes, { block: 2, tokens: "bytes" });
    expect(train.targets[0]!.names).toEqual(["7", "10", "200"]);
    expect(gather(train.inputs[0]!, [0, 1])).toEqual([2, 1, 2, 1]);
    expect(gather(train.targets[0]!, [0, 1])).toEqual([1, 2, 1, 0]);
  });

  it("is refused where it makes no block, or is not named", async () => {
    expect(await messageOf(load("short"))).toMatch(
      /more than 64 symbols, a block and one to predict, in .*text\.txt, got 5/,
    );
    expect(await messageOf(loadData({ name: "text", seed: 0 }))).toMatch(
      /--data-dir to be the file of the text/,
    );
    expect(await messageOf(load("some text", { block: 2, label: "x" }))).toMatch(
      /Expected no --label for --data text/,
    );
  });
});
