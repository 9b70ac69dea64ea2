import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { PNG } from "pngjs";
import { describe, expect, it } from "vitest";
import { timelineSvg } from "../../src/report/timeline.js";
import type { RankTrace } from "../../src/report/trace.js";
import { reportOf } from "../../src/report/written.js";
import { temporaryFolder } from "../helpers/apts.js";
import { hasBrowser, openPage } from "../helpers/browser.js";

const RANKS: RankTrace[] = [0, 1].map((rank) => ({
  ...{ rank, host: "here", uncertainty: 20 * rank },
  steps: [10, 11].map((step) => ({
    step,
    spans: [
      { activity: "computing", call: undefined, begin: 5000, end: 7000 },
      { activity: "waiting", call: "allreduce", begin: 7000, end: 8500 + rank },
      { activity: "moving", call: "allreduce", begin: 8500 + rank, end: 9000 },
      { activity: "deciding", call: undefined, begin: 9000, end: 10_000 },
    ],
  })),
}));

describe("the timeline of a step", () => {
  it("has a row for each rank, with its stretches as long as they took", () => {
    const svg = timelineSvg(RANKS, "runs/<a>");
    expect(svg).toContain("runs/&lt;a&gt;, step 10");
    const widths = [...svg.matchAll(/<rect x="([\d.]+)" y="(\d+)" width="([\d.]+)"/g)].map((found) =>
      found.slice(1).map(Number),
    );
    expect(widths.length).toBe(2 * 4);
    expect(widths[0]).toEqual([0, 0, 400]); // 2 of 5 ms
    expect(widths[4]).toEqual([0, 26, 400]);
    expect(svg).toContain("<title>waiting, allreduce: 1.50 ms</title>");
    expect(svg).not.toMatch(/NaN|undefined/);
  });

  it.skipIf(!hasBrowser)("is on the page of a report, in light and dark", async () => {
    const file = join(temporaryFolder(), "report.html");
    const page = reportOf([], "Nothing trained", "quartiles").page([timelineSvg(RANKS, "a")]);
    writeFileSync(file, page);
    for (const scheme of ["light", "dark"] as const) {
      const { page, troubles } = await openPage(file, scheme);
      const timeline = page.getByRole("img", { name: "a, step 10" });
      expect(await timeline.locator("rect").count()).toBe(4 + 8);
      const { data, width, height } = PNG.sync.read(await timeline.screenshot());
      const colours = new Set<string>();
      for (let i = 0; i < 4 * width * height; i += 4) colours.add([...data.subarray(i, i + 3)].join());
      for (const colour of ["224,123,0", "23,150,111", "194,85,155", "138,99,210"])
        expect(colours).toContain(colour);
      expect(colours.has("13,17,23")).toBe(scheme === "dark"); // the page shows through
      expect(troubles).toEqual([]);
    }
  });
});
