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
    expect(comparison(runs, "epochs")).toEqual([
      ["", "10 epochs", "25 epochs", "gradients/epoch", "losses/epoch", "s/epoch"],
      ["a", "11.0 (10.0–12.0)", "27.5 (25.0–30.0)", "2.50", "3.00", "2.00"],
      ["b", "20.0", "", "1.00", "3.00", "2.00"],
      ["begun", "", "", "", "", ""],
    ]);
  });

  it("compares at equal gradients by what was reached within them, not after", () => {
    const [, a, b] = comparison(runs, "gradients");
    expect(a!.slice(1, 5)).toEqual(["4.4 (4.0–4.8)", "11.0 (10.0–12.0)", "22.0 (20.0–24.0)", "2.50"]);
    expect(b!.slice(1, 4)).toEqual(["20.0", "", ""]);
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
