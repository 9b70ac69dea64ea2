import { describe, expect, it } from "vitest";
import { inMemory, makeSplit, type InMemoryData } from "../../src/data/in-memory.js";
import { UsageError } from "../../src/errors.js";

const features = Float32Array.from({ length: 12 }, (_, i) => i);

describe("inMemory", () => {
  it("takes plain vectors and counts the classes", () => {
    expect(inMemory({ features, labels: [0, 2, 1] })).toEqual({
      features,
      labels: Int32Array.of(0, 2, 1),
      sampleShape: [4],
      classes: 3,
    });
  });

  it("takes images and a number of classes", () => {
    const data = inMemory({
      features: new Uint8Array(12),
      labels: Int32Array.of(0, 1),
      sampleShape: [3, 2, 1],
      classes: 10,
    });
    expect(data.sampleShape).toEqual([3, 2, 1]);
    expect(data.classes).toBe(10);
  });

  it.each<[string, InMemoryData, string]>([
    ["no samples", { features, labels: [] }, "Expected at least one labelled sample, got none."],
    [
      "features that no sample shape divides",
      { features, labels: [0, 1, 0, 1, 0] },
      "Expected 12 features to make 5 samples (one per label) of shape [2.4], that is 5 × 2.4 = 12.",
    ],
    [
      "another shape",
      { features, labels: [0, 1], sampleShape: [2, 2] },
      "Expected 12 features to make 2 samples (one per label) of shape [2, 2], that is 2 × 4 = 8.",
    ],
    [
      "a label that is no class",
      { features, labels: [0, 3, 1], classes: 3 },
      "Expected labels to be whole numbers from 0 to 2, got 3 for sample 1.",
    ],
    [
      "a negative label",
      { features, labels: [0, 1, -1] },
      "Expected labels to be whole numbers from 0 on, got -1 for sample 2.",
    ],
    [
      "a NaN",
      { features: Float32Array.of(0, 1, Number.NaN, 3), labels: [0, 1] },
      "Expected finite features, got NaN in sample 1, feature 0.",
    ],
    [
      "an ordinary array",
      { features: [1, 2] as unknown as Float32Array, labels: [0, 1] },
      "Expected the features to be a Uint8Array or a Float32Array, got Array.",
    ],
  ])("refuses %s", (_, data, message) => {
    expect(() => inMemory(data)).toThrow(UsageError);
    expect(() => inMemory(data)).toThrow(message);
  });
});

describe("makeSplit", () => {
  it("takes the larger number of classes", () => {
    const train = inMemory({ features: Float32Array.of(1, 3), labels: [0, 1] });
    const test = inMemory({ features: Float32Array.of(7), labels: [2] });
    const split = makeSplit("mine", train, test);
    expect([split.train.classes, split.test.classes]).toEqual([3, 3]);
  });

  it("refuses samples of different shapes", () => {
    const train = inMemory({ features, labels: [0, 1, 2] });
    const test = inMemory({ features, labels: [0, 1] });
    expect(() => makeSplit("mine", train, test)).toThrow(
      "Expected training and test samples of one shape, got [4] and [6].",
    );
  });
});
