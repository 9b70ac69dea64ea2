import { createHash } from "node:crypto";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { digits } from "../../src/data/digits.js";
import { digitStyles } from "../../src/data/digit-styles.js";
import { trainSmallNetwork } from "../helpers/data/small-network.js";
import type { Labelled } from "../../src/data/dataset.js";
import { plain } from "../helpers/data/labelled.js";

const image = (features: Labelled["features"], sample: number): number[] => [
  ...features.subarray(sample * 784, (sample + 1) * 784),
];

describe("digits", () => {
  it("are the same on every machine and in every version", () => {
    const { features, labels } = plain(digits(42, "train", 500));
    const md5 = createHash("md5").update(features).update(Uint8Array.from(labels)).digest("hex");
    expect(md5).toMatchInlineSnapshot(`"9b10cdd6edc5e736be8afcb63708306b"`);
  });

  it("do not depend on how many are asked for", () => {
    const many = plain(digits(3, "train", 200));
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 199 }), (count) => {
        const few = plain(digits(3, "train", count));
        expect(few.labels).toEqual(many.labels.subarray(0, count));
        expect(few.features).toEqual(many.features.subarray(0, count * 784));
      }),
      { numRuns: 8 },
    );
  });

  it("differ between seeds, between training and test, and within", () => {
    const sets = [
      plain(digits(0, "train", 300)),
      plain(digits(1, "train", 300)),
      plain(digits(0, "test", 300)),
    ];
    const images = sets.flatMap(({ features }) =>
      Array.from({ length: 300 }, (_, i) => image(features, i).join()),
    );
    expect(new Set(images).size).toBe(900);
  });

  it("are ten classes, about equally many, of inked paper", () => {
    const { features, labels, sampleShape, classes } = plain(digits(0, "train", 5000));
    expect(sampleShape).toEqual([28, 28, 1]);
    expect(classes).toBe(10);
    for (let digit = 0; digit < 10; digit++) {
      expect(labels.filter((label) => label === digit).length).toBeGreaterThan(400);
    }
    for (let sample = 0; sample < 5000; sample++) {
      const ink = image(features, sample).filter((byte) => byte > 127).length;
      expect(ink).toBeGreaterThan(10);
      expect(ink).toBeLessThan(350);
    }
  });

  it("come in styles whose strokes stay in their box", () => {
    expect(digitStyles.length).toBe(10);
    for (const stroke of digitStyles.flat().flatMap(({ strokes }) => strokes)) {
      expect(stroke.length % 2).toBe(0);
      expect(stroke.length).toBeGreaterThanOrEqual(6);
      for (const coordinate of stroke) expect(Math.abs(coordinate - 50)).toBeLessThanOrEqual(50);
    }
  });

  // The promise made to users: too hard for a linear model, learnable for the default network.
  const train = plain(digits(0, "train", 20_000));
  const test = plain(digits(0, "test", 5_000));

  it("leave a linear model below 93 %", () => {
    const accuracies = trainSmallNetwork([784, 10], train, test, { epochs: 6, rate: 4e-3 });
    expect(Math.max(...accuracies)).toBeGreaterThan(0.88);
    expect(Math.max(...accuracies)).toBeLessThan(0.93);
  });

  it("let the 784-32-32-10 network reach 97 %", () => {
    const accuracies = trainSmallNetwork([784, 32, 32, 10], train, test, { epochs: 5, rate: 4e-3 });
    expect(Math.max(...accuracies)).toBeGreaterThanOrEqual(0.97);
  });
});
