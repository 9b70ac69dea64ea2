import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { curvesSvg } from "../../src/report/curves.js";
import type { CurvePoint, NamedRun } from "../../src/report/series.js";
import { toSeries } from "../../src/report/series.js";

function run(name: string, epochs: number, offset = 0): NamedRun {
  const metrics = Array.from({ length: epochs }, (_, i) => ({
    epoch: i + 1,
    seconds: 2 * (i + 1) + offset,
    gradientEvaluations: 3 * (i + 1),
    bytesSent: 0,
    loss: 2 / (i + 1) + offset,
    testLoss: null,
    testAccuracy: 1 - 1 / (i + 2) - offset / 10,
  }));
  return { name, metrics };
}

/** The tags of an SVG, checked to be closed in order; the texts between them. */
function parse(svg: string): { tags: string[]; texts: string[] } {
  const tags: string[] = [];
  const texts: string[] = [];
  const open: string[] = [];
  for (const [, close, name, empty, text] of svg.matchAll(
    /<(\/?)(\w+)(?:[^<>"]|"[^<>"]*")*?(\/?)>([^<]*)/g,
  )) {
    if (close) expect(open.pop()).toBe(name);
    else {
      tags.push(name!);
      if (!empty) open.push(name!);
    }
    if (text!.trim() !== "") texts.push(text!.trim());
  }
  expect(open).toEqual([]);
  return { tags, texts };
}

const count = (svg: string, part: string): number => svg.split(part).length - 1;

describe("curvesSvg", () => {
  it("draws loss and accuracy against epochs and seconds, and names the runs", () => {
    const svg = curvesSvg([run("apts", 20), run("adam", 20)], "apts on mnist");
    const { texts } = parse(svg);
    for (const label of [
      "apts on mnist",
      "Epoch",
      "Gradients (full batch)",
      "Training time in seconds",
      "Training loss",
      "Test accuracy in %",
      "apts",
      "adam",
    ]) {
      expect(texts).toContain(label);
    }
    expect(count(svg, "<path")).toBe(2 * 6);
    expect(count(svg, "<circle")).toBe(2 * 6);
    expect(svg).not.toContain("fill-opacity"); // no band of a single run
  });

  it("draws runs of one name as a curve in a band, and says what it is", () => {
    const svg = curvesSvg([run("apts", 20), run("apts", 20, 0.1), run("adam", 20)], "apts on mnist");
    expect(count(svg, 'fill-opacity="0.18"')).toBe(6);
    expect(count(svg, "<path")).toBe(2 * 6 + 6);
    expect(parse(svg).texts).toContain("(median and quartiles of 1 or 2 runs)");
    const other = curvesSvg([run("apts", 20), run("apts", 19, 0.1)], "apts on mnist", "95");
    expect(parse(other).texts).toContain(
      "(mean and its 95 % interval, of 2 runs, as far as all of them went)",
    );
    expect(other).not.toMatch(/ d="[^"]*(NaN|-\d)/); // far below 0 the band ends at the panel's edge
  });

  it("has an axis of bytes where some were sent", () => {
    const { name, metrics } = run("apts", 20);
    const sending = metrics.map((point) => ({ ...point, bytesSent: 3e6 * point.epoch }));
    const svg = curvesSvg([{ name, metrics: sending }], "apts on mnist");
    expect(count(svg, "<circle")).toBe(8);
    expect(parse(svg).texts).toContain("Bytes sent in MB");
    expect(parse(svg).texts).not.toContain("NaN");
  });

  it("draws no more points than can be told apart, with the peaks", () => {
    const { name, metrics } = run("apts", 20_000);
    const peak = metrics.map((point) => (point.epoch === 7777 ? { ...point, loss: 1000 } : point));
    const svg = curvesSvg([{ name, metrics: peak }], "apts on mnist");
    expect(svg.length).toBeLessThan(100_000);
    const [, d] = / d="M([^"]+)"/.exec(svg)!;
    const places = d!.split("L").map((xy) => xy.split(",").map(Number));
    const [x, y] = places.reduce((highest, place) => (place[1]! < highest[1]! ? place : highest));
    expect(x).toBeCloseTo((290 * 7777) / 20_000, 0);
    expect(y).toBeLessThan(20);
  });

  it("gives each of many curves fewer points", () => {
    const all = Array.from({ length: 100 }, (_, index) => run(`run ${index}`, 2000));
    const [, d] = / d="M([^"]+)"/.exec(curvesSvg(all, "apts on mnist"))!;
    expect(d!.split("L").length).toBeLessThanOrEqual(200);
  });

  it("escapes names", () => {
    const svg = curvesSvg([run(`<b> & "c"`, 3)], "apts on mnist");
    parse(svg);
    expect(svg).toContain("&lt;b&gt; &amp; &quot;c&quot;");
  });

  it("puts the curves where the numbers say", () => {
    // The last loss is the smallest: the lowest point. The last accuracy is the largest: the highest.
    const svg = curvesSvg([run("apts", 10)], "apts on mnist");
    const paths = [...svg.matchAll(/ d="M([^"]+)"/g)].map(([, d]) =>
      d!.split("L").map((xy) => xy.split(",").map(Number)),
    );
    expect(paths.length).toBe(6);
    paths.forEach((points, panel) => {
      expect(points.length).toBe(10);
      expect(points.at(-1)![0]).toBe(290);
      const ys = points.map(([, y]) => y!);
      const sorted = [...ys].sort((a, b) => (panel < 3 ? a - b : b - a));
      expect(ys).toEqual(sorted);
    });
  });

  it("shows how accuracies differ in the end, wherever they begin", () => {
    const ending = (name: string, end: number): NamedRun => {
      const { metrics } = run(name, 20);
      const risen = metrics.map((point, i) => ({ ...point, testAccuracy: 0.1 + ((end - 0.1) * i) / 19 }));
      return { name, metrics: risen };
    };
    const svg = curvesSvg([ending("a", 0.97), ending("b", 0.94)], "apts on mnist");
    const ends = [...svg.matchAll(/<circle cx="290" cy="([\d.]+)"/g)].map(([, y]) => Number(y)).slice(6, 8);
    expect(ends[1]! - ends[0]!).toBeGreaterThan(40); // of 230 pixels; 8 if 10 to 97 % were linear
    const labels = [...svg.matchAll(/<text x="-8"[^>]*>([^<]*)</g)].map(([, text]) => text);
    expect(labels).toEqual(expect.arrayContaining(["50", "90", "95", "97"]));
  });

  it("has a place for no error at all", () => {
    const svg = curvesSvg(
      [{ name: "a", metrics: run("a", 9).metrics.map((p) => ({ ...p, testAccuracy: 1 })) }],
      "a",
    );
    expect(parse(svg).texts).toContain("100");
  });

  it("leaves a gap where a loss is not finite", () => {
    const { metrics } = run("apts", 9);
    const broken = metrics.map((point) => (point.epoch === 5 ? { ...point, loss: NaN } : point));
    const svg = curvesSvg([{ name: "apts", metrics: broken }], "apts on mnist");
    const [loss, , , accuracy] = [...svg.matchAll(/ d="([^"]+)"/g)].map(([, d]) => d!);
    expect(count(loss!, "M")).toBe(2);
    expect(count(accuracy!, "M")).toBe(1);
    expect(svg).not.toContain("NaN");
  });

  it("draws losses below 0 on a linear axis, the test loss where no classes are predicted, and the training loss alone without any", () => {
    const metrics = run("apts", 5).metrics.map((point) => ({ ...point, testAccuracy: null }));
    const panels = (svg: string) =>
      [...svg.matchAll(/>(Training loss|Test loss|Test accuracy in %)</g)].map(([, name]) => name);
    expect(panels(curvesSvg([{ name: "apts", metrics }], "alone"))).toEqual(["Training loss"]);
    const below = metrics.map((point) => ({ ...point, loss: -point.loss, testLoss: -2 * point.loss }));
    const svg = curvesSvg([{ name: "apts", metrics: below }], "below");
    expect(panels(svg)).toEqual(["Training loss", "Test loss"]);
    expect(svg).toMatch(/>[−-]1(\.0)?</);
  });

  const anyPoint = (epoch: number): fc.Arbitrary<CurvePoint> =>
    fc.record({
      epoch: fc.constant(epoch),
      seconds: fc.double({ min: 0, max: 1e6, noNaN: true }).map((seconds) => seconds * epoch),
      gradientEvaluations: fc.double({ min: 0, max: 1e6, noNaN: true }).map((count) => count * epoch),
      bytesSent: fc.nat(1e9).map((count) => count * epoch),
      loss: fc.oneof(fc.double(), fc.double({ min: 1e-9, max: 10 })),
      testLoss: fc.option(fc.double()),
      testAccuracy: fc.option(fc.double({ min: 0, max: 1, noNaN: true }), { freq: 9 }),
    });
  const anyRun: fc.Arbitrary<NamedRun> = fc
    .nat(12)
    .chain((length) => fc.tuple(...Array.from({ length }, (_, i) => anyPoint(i + 1))))
    .chain((metrics) => fc.record({ name: fc.string(), metrics: fc.constant(metrics) }));

  it("is well-formed, without NaN and with labels that do not overlap, whatever the runs", () => {
    fc.assert(
      fc.property(fc.array(anyRun, { maxLength: 5 }), (runs) => {
        const svg = curvesSvg(runs, "apts on mnist");
        parse(svg);
        expect(svg.replaceAll(/>[^<]*</g, "><").replace(/aria-label="[^"]*"/, "")).not.toMatch(
          /NaN|Infinity|undefined/,
        );
        const below = /<text x="([-\d.]+)" y="248" text-anchor="middle">([^<]*)</g;
        for (const panel of svg.split('<g transform="translate(').slice(1)) {
          let end = -Infinity;
          for (const [, x, label] of panel.matchAll(below)) {
            expect(Number(x) - 3.5 * label!.length).toBeGreaterThan(end);
            end = Number(x) + 3.5 * label!.length;
          }
          const ys = [...panel.matchAll(/<text x="-8" y="([-\d.]+)"/g)]
            .map(([, y]) => Number(y))
            .sort((a, b) => a - b);
          ys.slice(1).forEach((y, i) => {
            expect(y - ys[i]!).toBeGreaterThan(12);
          });
        }
      }),
      { numRuns: 300 },
    );
  });
});

describe("toSeries", () => {
  it("takes middle and band over the epochs all runs have", () => {
    const [series, ...others] = toSeries([run("a", 3), run("a", 2, 1)], "range");
    expect(others).toEqual([]);
    expect(series).toMatchObject({ name: "a", runs: 2, cut: true, length: 2 });
    expect([...series!.progress.epoch]).toEqual([1, 2]);
    expect([...series!.progress.seconds]).toEqual([2.5, 4.5]);
    const { middle, low, high } = series!.results.get("loss")!;
    expect([middle[1], low[1], high[1]]).toEqual([1.5, 1, 2]);
    expect(series!.results.get("testAccuracy")!.middle[1]).toBeCloseTo(2 / 3 - 0.05);
    expect(series!.results.get("testLoss")!.middle[1]).toBeNaN();
  });

  it("leaves out epochs that one of them lacks, and takes other metrics by name", () => {
    const { metrics } = run("a", 4);
    const named = metrics.map((point) => ({ ...point, metrics: { precision: point.epoch / 10 } }));
    const runs = [named, named.filter(({ epoch }) => epoch !== 2)].map((one) => ({
      name: "a",
      metrics: one,
    }));
    const [series] = toSeries(runs, "quartiles", ["precision"]);
    expect([...series!.progress.epoch]).toEqual([1, 3, 4]);
    expect([...series!.results.get("precision")!.middle]).toEqual([0.1, 0.3, 0.4]);
  });
});
