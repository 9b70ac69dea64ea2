/**
 * What the page of a report takes in a browser: milliseconds of its main thread, up to the next picture of the screen, for
 * a move of the pointer, another axis across, and a curve that is hidden or shown; median and largest of some.
 *
 *   node bench/report/page.mjs runs/report-bench/100-10000-10/report.html        # of bench/report/run.mjs
 */
import { statSync } from "node:fs";
import { resolve } from "node:path";
import { chromium } from "playwright-core";

const TIMES = 30;
const file = resolve(process.argv[2]);
const browser = await chromium.launch({ executablePath: "/usr/bin/chromium", args: ["--no-sandbox"] });
const page = await browser.newPage({ viewport: { width: 1600, height: 1000 } });
const tracing = await page.context().newCDPSession(page);
await tracing.send("Performance.enable", { timeDomain: "threadTicks" }); // what it computes, whatever else the machine does

/** Seconds that the main thread has worked. */
async function worked() {
  const { metrics } = await tracing.send("Performance.getMetrics");
  return metrics.find(({ name }) => name === "TaskDuration").value;
}
const drawn = () =>
  page.evaluate("new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))");

async function measured(title, act) {
  const times = [];
  for (let i = 0; i < TIMES; i++) {
    const before = await worked();
    await act(i);
    await drawn();
    times.push(1000 * ((await worked()) - before));
  }
  times.sort((a, b) => a - b);
  console.log(`${title}: ${times[TIMES / 2].toFixed(1)} ms (at most ${times.at(-1).toFixed(1)})`);
}

const begin = performance.now();
await page.goto(`file://${file}`);
await drawn();
console.log(
  `${(statSync(file).size / 1e6).toFixed(2)} MB, drawn after ${Math.round(performance.now() - begin)} ms`,
);
const { x, y, width, height } = await page.locator("canvas").first().boundingBox();
await measured("nothing", () => undefined);
await measured("a move of the pointer", (i) =>
  page.mouse.move(x + width * (0.2 + (0.6 * i) / TIMES), y + height * (0.3 + 0.01 * i)),
);
const axes = await page.locator("#controls select option").count();
await measured("another axis across", (i) =>
  page.locator("#controls select").selectOption({ index: (i + 1) % axes }),
);
const scale = page.getByLabel("Logarithmic upwards");
await measured("another scale upwards", () => scale.click());
const curve = page.locator("#legend button").first();
await measured("a curve hidden or shown", () => curve.click());
await browser.close();
