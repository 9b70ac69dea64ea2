import { stripVTControlCharacters } from "node:util";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { finalTable, progressLine } from "../../src/report/console.js";
import { formatBytes, formatMagnitude, formatRemaining, formatSeconds } from "../../src/report/format.js";

const epoch = {
  epoch: 7,
  loss: 0.51234,
  testLoss: 0.6,
  testAccuracy: 0.8765,
  radius: 0.025,
  accepted: 1,
  steps: 1,
};

describe("progressLine", () => {
  it("shows epoch, loss, accuracy, radius and the time that is left", () => {
    expect(progressLine(epoch, 20, 754, false)).toBe(
      "epoch  7/20  loss 0.5123  test 87.65%  Δ 0.0250   13m left",
    );
  });

  it("keeps its columns, at most 60 of them", () => {
    const lines = [
      progressLine(epoch, 100, 59, false),
      progressLine({ ...epoch, epoch: 100, loss: 1e-7, testAccuracy: 0.1, radius: 1e-4 }, 100, 0, false),
      progressLine({ ...epoch, epoch: 10, loss: NaN, testAccuracy: 0, radius: 1 }, 100, 9 * 3600, false),
      progressLine({ ...epoch, epoch: 10, accepted: 0 }, 100, 12_345, false),
    ];
    expect(new Set(lines.map((line) => line.length))).toEqual(new Set([60]));
    expect(new Set(lines.map((line) => line.indexOf("left"))).size).toBe(1);
    expect(new Set(lines.slice(0, 3).map((line) => line.indexOf("Δ"))).size).toBe(1);
  });

  it("fits 60 columns, whatever happens", () => {
    const anyEpoch = fc.record({
      epoch: fc.integer({ min: 1, max: 1_000_000 }),
      loss: fc.double(),
      testLoss: fc.option(fc.double()),
      testAccuracy: fc.option(fc.double({ min: 0, max: 1, noNaN: true })),
      radius: fc.option(fc.double({ min: 0, noNaN: true })),
      accepted: fc.constant(99),
      steps: fc.constantFrom(99, 100),
    });
    fc.assert(
      fc.property(anyEpoch, fc.double({ min: 0, max: 1e9, noNaN: true }), (metrics, left) => {
        expect(progressLine(metrics, 1_000_000, left, false).length).toBeLessThanOrEqual(60);
      }),
    );
  });

  it("leaves out a radius the method does not have, and tells of rejected steps", () => {
    expect(progressLine({ ...epoch, radius: null }, 20, 1, false)).not.toContain("Δ");
    expect(progressLine(epoch, 20, 1, false)).not.toContain("rejected");
    expect(progressLine({ ...epoch, accepted: 0 }, 20, 1, false)).toMatch(/ {2}rejected {2} +1s left$/);
    expect(progressLine({ ...epoch, accepted: 17, steps: 20 }, 20, 1, false)).toMatch(
      / {2}17\/20 ok {2} +1s left$/,
    );
    expect(progressLine(epoch, 20, undefined, false)).not.toContain("left");
  });

  it("says the same in colour", () => {
    const coloured = progressLine({ ...epoch, accepted: 0 }, 20, 5, true);
    expect(coloured).toContain("\u001b[");
    expect(stripVTControlCharacters(coloured)).toBe(progressLine({ ...epoch, accepted: 0 }, 20, 5, false));
  });
});

describe("finalTable", () => {
  const summary = {
    method: "apts",
    data: "mnist",
    ranks: 1,
    subdomains: 6,
    parameters: 26_506,
    epochs: 30,
    seconds: 94.3,
    loss: 0.2345,
    testLoss: 0.2412,
    testAccuracy: 0.9261,
    bestTestAccuracy: 0.9266,
    metrics: { accuracy: 0.9261 },
    modelEpoch: 30,
    lossEvaluations: 143.52,
    gradientEvaluations: 88.25,
    bytesSent: 31_234_567,
    peakMemory: 812_345_678,
    ended: "epochs" as const,
    out: "runs/digits",
  };

  it("tells what came out", () => {
    expect(finalTable(summary, false)).toMatchInlineSnapshot(`
      "┌───────────────┬───────────────────────────────────────────┐
      │ method        │ apts on mnist                             │
      │               │ 1 rank, 6 subdomains, 26,506 parameters   │
      │ test accuracy │ 92.61 % (best 92.66 %)                    │
      │ test loss     │ 0.2412                                    │
      │ training loss │ 0.2345                                    │
      │ epochs        │ 30, all epochs done                       │
      │ time          │ 1 min 34 s, 3.1 s an epoch                │
      │ evaluations   │ 143.5 losses, 88.3 gradients (full batch) │
      │ bytes sent    │ 31.2 MB                                   │
      │ peak memory   │ 812 MB (largest rank)                     │
      │ written to    │ runs/digits                               │
      └───────────────┴───────────────────────────────────────────┘"
    `);
  });

  it("says why the run ended", () => {
    expect(finalTable({ ...summary, ended: "accuracy" }, false)).toContain("30, test accuracy reached");
    expect(finalTable({ ...summary, ended: "stopped" }, false)).toContain("30, stopped on request");
    expect(finalTable({ ...summary, ended: "converged" }, false)).toContain("30, converged: ");
    expect(finalTable({ ...summary, ended: "stalled" }, false)).toContain("30, stalled: ");
  });
});

describe("formats", () => {
  it.each([
    [0, "0s"],
    [59.4, "59s"],
    [59.6, "1m"],
    [3600, "1.0h"],
    [12 * 3600, "12h"],
    [3.5 * 86_400, "3.5d"],
    [1e12, "999d"],
  ])("%d seconds that are left are %s", (seconds, text) => {
    expect(formatRemaining(seconds)).toBe(text);
  });

  it.each([
    [0.004, "0.00 s"],
    [59.94, "59.9 s"],
    [59.96, "1 min 00 s"],
    [3599.7, "1 h 00 min"],
    [7384, "2 h 03 min"],
  ])("%d seconds are %s", (seconds, text) => {
    expect(formatSeconds(seconds)).toBe(text);
  });

  it.each([
    [0, "0 B"],
    [999, "999 B"],
    [1000, "1.00 kB"],
    [9_996, "10.0 kB"],
    [999_600, "1.00 MB"],
    [12_345_678_901, "12.3 GB"],
  ])("%d bytes are %s", (bytes, text) => {
    expect(formatBytes(bytes)).toBe(text);
  });

  it.each([
    [0, "0.000"],
    [0.5, "0.5000"],
    [0.00012, "1.20e-4"],
    [123_456, "1.23e+5"],
    [NaN, "NaN"],
    [Infinity, "Infinity"],
  ])("a magnitude of %d is %s", (value, text) => {
    expect(formatMagnitude(value)).toBe(text);
  });
});
