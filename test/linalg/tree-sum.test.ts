import { describe, expect, test } from "vitest";

import { treeSum } from "../../src/linalg/tree-sum.js";
import { partials } from "../helpers/linalg/partials.js";

describe("treeSum", () => {
  test("needs the fixed tree: a plain sum in order differs", async () => {
    const out = new Float32Array(50);
    await treeSum(40, partials(3), out);
    const plain = new Float32Array(50);
    const partial = new Float32Array(50);
    for (let chunk = 0; chunk < 40; chunk++) {
      await partials(3)(chunk, partial);
      plain.forEach((value, i) => (plain[i] = value + partial[i]!));
    }
    expect(out).not.toEqual(plain);
  });

  test("holds few vectors at a time", async () => {
    const chunks = 256;
    const seen = new Set<ArrayBufferLike>();
    await treeSum(
      chunks,
      (_, partial) => {
        seen.add(partial.buffer);
        return Promise.resolve(0);
      },
      new Float32Array(10),
    );
    expect(seen.size).toBeLessThanOrEqual(Math.log2(chunks) + 1);
  });

  test("refuses a number of chunks that is none", async () => {
    await expect(treeSum(0, partials(1), new Float32Array(1))).rejects.toThrow(
      "Expected the number of chunks to be a positive integer, got 0.",
    );
  });
});
