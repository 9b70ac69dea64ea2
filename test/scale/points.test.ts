import { describe, expect, it } from "vitest";
import type { RunParts } from "../../src/report/parts.js";
import { pointsOf, shortRunNote } from "../../src/scale/points.js";
import { scaleCsv, tableOf } from "../../src/scale/tables.js";
import { scalePicture } from "../../src/scale/picture.js";

/** Four steps on so many ranks, of which each waits a quarter and sends 100 bytes in 4 messages. */
function measured(ranks: number, seconds: number): RunParts {
  const parts = { computing: 0.75 * seconds, waiting: 0.25 * seconds, moving: 0, deciding: 0 };
  const calls = { allreduce: { calls: 4, bytes: 100, messages: 4, waiting: 0.25 * seconds, moving: 0 } };
  const rank = { host: "here", seconds, ...parts, calls };
  return { steps: 4, skipped: 5, ranks: Array.from({ length: ranks }, (_, r) => ({ rank: r, ...rank })) };
}

const runs = new Map([
  [4, [measured(4, 3), measured(4, 1), measured(4, 2)]],
  [2, [measured(2, 4), measured(2, 4), measured(2, 8)]],
]);

describe("the points of a study", () => {
  it("compare medians with the fewest ranks, whose number counts for itself", () => {
    const [two, four] = pointsOf("strong", runs);
    expect(two).toMatchObject({ ranks: 2, repeats: 3, seconds: 1, low: 1, high: 1.5, speedUp: 2, efficiency: 1 }); // prettier-ignore
    expect(four).toMatchObject({ ranks: 4, seconds: 0.5, speedUp: 4, efficiency: 1 });
  });

  it("are said to be of cold code where the quickest steps take no second", () => {
    const points = pointsOf("strong", runs); // 1 and 0.5 s a step
    expect(shortRunNote(points, 4)).toBeUndefined();
    expect(shortRunNote(points, 1)).toBe(
      "As many steps as were measured were over after 0.50 s, when code was being compiled yet: later steps of a run are faster. Give --steps 5 to measure those.",
    );
    const quick = points.map((point) => ({ ...point, seconds: point.seconds / 2000 }));
    expect(shortRunNote(quick, 50)).toMatch(/over after 0\.01 s, .* Give --steps 10000 /);
  });

  it("count more work for more ranks in weak mode", () => {
    const [two, four] = pointsOf("weak", runs);
    expect(two).toMatchObject({ speedUp: 2, efficiency: 1 });
    expect(four).toMatchObject({ speedUp: 8, efficiency: 2 });
  });

  it("have the parts of the repeat in the middle, and what all ranks send a step", () => {
    const [, four] = pointsOf("strong", runs);
    expect(four!.parts).toEqual({ computing: 0.375, waiting: 0.125, moving: 0, deciding: 0 });
    expect(four!.calls).toEqual({ allreduce: { bytes: 100, messages: 4 } });
  });

  it("stand in tables and a picture", () => {
    const points = pointsOf("strong", runs);
    expect(tableOf(points)[2]).toEqual(["4", "500.0", "375.0–625.0", "4.00", "100 %", "75 %", "25 %", "0 %", "0 %", "100 B", "4"]); // prettier-ignore
    expect(scaleCsv("strong", points).split("\n")[2]).toBe(
      "strong,4,3,0.5,0.375,0.625,4,1,0.375,0.125,0,0,,,100,4",
    );
    const svg = scalePicture(points, "Scaling & more");
    expect(svg).toContain("Scaling &amp; more");
    expect(svg.match(/<rect /g)?.length).toBe(8);
    expect(svg).not.toMatch(/NaN|undefined/);
  });
});
