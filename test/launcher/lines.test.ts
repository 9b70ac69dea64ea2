import { Readable } from "node:stream";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { lineGroups } from "../../launcher/lines.js";

async function linesOf(chunks: Uint8Array[], limit?: number): Promise<string[]> {
  const lines: string[] = [];
  for await (const group of lineGroups(Readable.from(chunks, { objectMode: false }), limit))
    lines.push(...group);
  return lines;
}

describe("lineGroups", () => {
  it("finds the same lines however the bytes are cut", async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(
          fc.string({ unit: "grapheme" }).map((line) => line.replaceAll("\n", "")),
          { minLength: 1 },
        ),
        fc.integer({ min: 1, max: 7 }),
        async (lines, size) => {
          const bytes = Buffer.from(lines.map((line) => `${line}\n`).join(""));
          const chunks = Array.from({ length: Math.ceil(bytes.length / size) }, (_, i) =>
            bytes.subarray(i * size, (i + 1) * size),
          );
          expect(await linesOf(chunks)).toEqual(lines);
        },
      ),
    );
  });

  it("yields a last line without its end", async () => {
    expect(await linesOf([Buffer.from("a\nb")])).toEqual(["a", "b"]);
    expect(await linesOf([])).toEqual([]);
  });

  it("cuts a line that never ends", async () => {
    expect(await linesOf([Buffer.from("abcd"), Buffer.from("ef"), Buffer.from("g\nh\n")], 3)).toEqual([
      "abcd",
      "efg",
      "h",
    ]);
  });
});
