import { PNG } from "pngjs";
import { describe, expect, it } from "vitest";
import { picture } from "../../src/report/picture.js";
import { pngOf } from "../../src/report/png.js";
import { element } from "../../src/report/svg.js";

describe("a picture as PNG", () => {
  it("has two pixels for each, on white, and its text", async () => {
    const blue = element("rect", { x: 10, y: 30, width: 20, height: 10, fill: "#1f77d0" });
    const svg = picture({ width: 100, height: 50, left: 10, title: "Title", description: "" }, blue);
    const { width, height, data } = PNG.sync.read(Buffer.from(await pngOf(svg)));
    expect([width, height]).toEqual([200, 100]);
    const at = (x: number, y: number): number[] => [
      ...data.subarray(4 * (y * width + x), 4 * (y * width + x) + 4),
    ];
    expect(at(40, 70)).toEqual([0x1f, 0x77, 0xd0, 255]);
    expect(at(150, 70)).toEqual([255, 255, 255, 255]);
    const title = data.subarray(0, 4 * 50 * width);
    expect(title.some((value) => value < 200)).toBe(true);
  });
});
