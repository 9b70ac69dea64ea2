import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { PNG } from "pngjs";
import type { Page } from "playwright-core";
import { describe, expect, it } from "vitest";
import type { MeasuredRun } from "../../../src/report/comparison.js";
import { reportOf } from "../../../src/report/written.js";
import { temporaryFolder } from "../../helpers/apts.js";
import { hasBrowser, openPage } from "../../helpers/browser.js";

function run(name: string, scale: number, epochs = 50): MeasuredRun {
  const metrics = Array.from({ length: epochs }, (_, index) => ({
    epoch: index + 1,
    seconds: 0.1 * (index + 1),
    loss: scale / (index + 1),
    testLoss: (2 * scale) / (index + 1),
    testAccuracy: 1 - scale / (index + 3),
    metrics: { accuracy: 1 - scale / (index + 3), topK: 0.5 },
    radius: null,
    accepted: 1,
    steps: 1,
    lossEvaluations: 0,
    gradientEvaluations: 2 * (index + 1),
    bytesSent: 1000 * (index + 1),
  }));
  return { name, metrics };
}

const RUNS = [run("apts", 1), run("apts", 1.2), run("adam <b>", 0.5)];

function pageOf(runs: readonly MeasuredRun[]): string {
  const file = join(temporaryFolder(), "report.html");
  writeFileSync(file, reportOf(runs, "A & <title>", "quartiles").page());
  return file;
}

/** Waits until the page has drawn what was asked for; what is on its canvases. */
async function drawn(page: Page): Promise<string[]> {
  await page.evaluate("new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))");
  return page.evaluate<string[]>("[...document.querySelectorAll('canvas')].map((one) => one.toDataURL())");
}

/** Whether a chart has pixels of a colour. */
async function hasColour(page: Page, chart: number, [r, g, b]: readonly number[]): Promise<boolean> {
  await drawn(page);
  const { data } = PNG.sync.read(await page.locator("canvas").nth(chart).screenshot());
  for (let i = 0; i < data.length; i += 4)
    if (data[i] === r && data[i + 1] === g && data[i + 2] === b) return true;
  return false;
}
const BLUE = [0x1f, 0x77, 0xd0];
const ORANGE = [0xe0, 0x7b, 0x00];
const PINK = [0xc2, 0x55, 0x9b];

describe.skipIf(!hasBrowser)("the page of a report, in a browser", () => {
  it("draws its curves, alone, in light and dark", async () => {
    const file = pageOf(RUNS);
    const pictures = [];
    for (const scheme of ["light", "dark"] as const) {
      const { page, troubles } = await openPage(file, scheme);
      pictures.push(await drawn(page));
      for (const chart of [0, 1])
        for (const colour of [BLUE, ORANGE]) expect(await hasColour(page, chart, colour)).toBe(true);
      expect(await page.title()).toBe("A & <title>");
      expect(await page.locator("#legend button").allTextContents()).toEqual(["apts", "adam <b>"]);
      expect(await page.locator("select").first().locator("option").allTextContents()).toEqual(["Epochs", "Gradients (full batch)", "Training time in seconds", "Bytes sent"]); // prettier-ignore
      expect(await page.locator("figure select").first().locator("option").allTextContents()).toEqual(["Training loss", "Test accuracy", "Test loss", "Top k"]); // prettier-ignore
      expect(await page.locator("table").count()).toBe(4);
      expect(await page.locator("body").textContent()).toContain("median and quartiles of 1 or 2 runs");
      expect(troubles).toEqual([]);
    }
    expect(pictures[0]).not.toEqual(pictures[1]);
  });

  it("hides and shows a curve, and shows it alone", async () => {
    const { page, troubles } = await openPage(pageOf(RUNS));
    const all = await drawn(page);
    const [apts, adam] = await page.locator("#legend button").all();
    await apts!.click();
    expect(await drawn(page)).not.toEqual(all);
    expect(await hasColour(page, 0, BLUE)).toBe(false);
    expect(await hasColour(page, 0, ORANGE)).toBe(true);
    expect(await apts!.getAttribute("aria-pressed")).toBe("false");
    await page.waitForTimeout(600); // two clicks of one are no double click
    await apts!.click();
    expect(await drawn(page)).toEqual(all);
    await adam!.dblclick();
    expect(await hasColour(page, 0, BLUE)).toBe(false);
    expect(await hasColour(page, 1, ORANGE)).toBe(true);
    await adam!.dblclick();
    expect(await drawn(page)).toEqual(all);
    expect(troubles).toEqual([]);
  });

  it("draws by other axes, other results, linear, and without bands", async () => {
    const { page, troubles } = await openPage(pageOf(RUNS));
    let before = await drawn(page);
    const changes: (() => Promise<unknown>)[] = [
      () => page.locator("#controls select").selectOption("Training time in seconds"),
      () => page.locator("figure select").first().selectOption("Test loss"),
      () => page.getByLabel("Logarithmic upwards").uncheck(),
      () => page.getByLabel("Logarithmic across").check(),
      () => page.getByLabel("Bands").uncheck(),
    ];
    for (const change of changes) {
      await change();
      const after = await drawn(page);
      expect(after[0]).not.toBe(before[0]);
      before = after;
    }
    expect(troubles).toEqual([]);
  });

  it("zooms into what is dragged over and out again, and reads the curves at the pointer", async () => {
    const { page, troubles } = await openPage(pageOf(RUNS));
    const all = await drawn(page);
    const canvas = page.locator("canvas").first();
    const { x, y, width, height } = (await canvas.boundingBox())!;
    await page.mouse.move(x + width / 2, y + height / 3);
    const box = page.locator(".box").first();
    expect(await box.isVisible()).toBe(true);
    expect(await box.textContent()).toMatch(/Epochs: [\d.]+(.*: [\d.]+){2}/);
    await page.mouse.down();
    await page.mouse.move(x + width / 1.5, y + height / 1.5, { steps: 3 });
    await page.mouse.up();
    const zoomed = await drawn(page);
    expect(zoomed[0]).not.toBe(all[0]);
    expect(zoomed[1]).not.toBe(all[1]); // the same stretch across
    await page.getByRole("button", { name: "Whole picture" }).click();
    expect(await drawn(page)).toEqual(all);
    expect(troubles).toEqual([]);
  });

  it("holds a hundred runs of ten thousand points, thinned, and draws them", async () => {
    const file = pageOf(
      Array.from({ length: 100 }, (_, index) => run(`run ${index}`, 1 + index / 50, 10_000)),
    );
    const { page, troubles } = await openPage(file);
    expect(await hasColour(page, 0, PINK)).toBe(true); // of the last
    const content = await page.content();
    expect(content.length).toBeLessThan(8e6);
    expect(content).toContain("Curves are drawn through some of their points");
    // Thick ones take a browser several times as long.
    await page.evaluate(
      "{ const { prototype } = CanvasRenderingContext2D, { stroke } = prototype; window.widths = []; prototype.stroke = function () { window.widths.push(this.lineWidth); stroke.call(this); }; }",
    );
    await page.getByLabel("Logarithmic upwards").uncheck();
    await drawn(page);
    const widths = await page.evaluate<number[]>("window.widths");
    expect(widths.length).toBeGreaterThan(200);
    expect(Math.max(...widths)).toBe(1);
    expect(troubles).toEqual([]);
  });

  it("stands without any measured point", async () => {
    const { page, troubles } = await openPage(pageOf([{ name: "begun", metrics: [] }]));
    expect(await page.locator("#legend button").count()).toBe(1);
    expect(troubles).toEqual([]);
  });
});

describe("the page of a report", () => {
  it("has nothing in it that loads", () => {
    const page = reportOf(RUNS, "A & <title>", "quartiles").page();
    expect(page).toContain("default-src 'none'");
    expect(page).toContain("<h1>A &amp; &lt;title&gt;</h1>");
    expect(page.replace(/<script[^]*?<\/script>/g, "")).not.toMatch(/\b(src|href)=|url\(|@import/);
  });
});
