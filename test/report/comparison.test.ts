import { describe, expect, it } from "vitest";
import { comparison, markdownTable } from "../../src/report/comparison.js";
import type { EpochMetrics } from "../../src/report/metrics.js";

/** A run whose test accuracy after epoch e is e per mille of `accuracy`, at so many gradients an epoch. */
function metricsOf(epochs: number, accuracy: number, gradients: number): EpochMetrics[] {
  return Array.from({ length: epochs }, (_, index) => {
    const epoch = index + 1;
    return {
      epoch,
      seconds: 2 * epoch,
      loss: 1,
      testLoss: 1,
      testAccuracy: (accuracy * epoch) / 1000,
      metrics: {},
      radius: null,
      accepted: 1,
      steps: 1,
      lossEvaluations: 3 * epoch,
      gradientEvaluations: gradients * epoch,
      bytesSent: 0,
    };
  });
}

const runs = [
  { name: "a", metrics: metricsOf(30, 10, 2.5) },
  { name: "a", metrics: metricsOf(30, 12, 2.5) },
  { name: "b", metrics: metricsOf(12, 20, 1) },
  { name: "begun", metrics: [] },
];

describe("the comparison of runs", () => {
  it("gives mean and range of runs of one name after some epochs, nothing where they did not get so far", () => {
    expect(comparison(runs, "epochs", "range")).toEqual([
      ["test accuracy in %", "10 epochs", "25 epochs", "at the end", "gradients/epoch", "losses/epoch", "s/epoch"], // prettier-ignore
      ["a", "11.00 (10.00–12.00)", "27.50 (25.00–30.00)", "33.00 (30.00–36.00)", "2.50", "3.00", "2.00"],
      ["b", "20.00", "", "24.00", "1.00", "3.00", "2.00"],
      ["begun", "", "", "", "", "", ""],
    ]);
  });

  it("compares at equal gradients by what was reached within them, not after", () => {
    const [, a, b] = comparison(runs, "gradients", "range");
    expect(a!.slice(1, 4)).toEqual(["4.40 (4.00–4.80)", "11.00 (10.00–12.00)", "22.00 (20.00–24.00)"]);
    expect(b!.slice(1, 4)).toEqual(["20.00", "", ""]);
  });

  it("has round budgets of seconds and bytes, the four largest", () => {
    const heads = (by: "seconds" | "bytes") => comparison(runs, by, "range")[0]!.slice(1, 5);
    expect(heads("seconds")).toEqual(["5 seconds", "10 seconds", "20 seconds", "50 seconds"]);
    const sent = runs.map((run) => ({
      ...run,
      metrics: run.metrics.map((line) => ({ ...line, bytesSent: 1000 * line.epoch })),
    }));
    expect(comparison(sent, "bytes", "range")[0]!.slice(1, 5)).toEqual(["2.00 kB", "5.00 kB", "10.0 kB", "20.0 kB"]); // prettier-ignore
  });

  it("compares losses where no classes are predicted", () => {
    const [head, a] = comparison(
      runs.map(({ name, metrics }) => ({
        name,
        metrics: metrics.map((line) => ({ ...line, testAccuracy: null, testLoss: 1 / line.epoch })),
      })),
      "epochs",
      "range",
    );
    expect([head![0], a![1]]).toEqual(["test loss", "0.1000 (0.1000–0.1000)"]);
  });

  it("is written in Markdown", () => {
    expect(
      markdownTable([
        ["", "x"],
        ["a", "1"],
      ]),
    ).toBe("|  | x |\n| --- | --- |\n| a | 1 |");
  });
});
