import { describe, expect, it } from "vitest";
import type { Dataset } from "../../src/data/dataset.js";
import { surprisesIn } from "../../src/run/surprises.js";

const asked = { data: "a.csv", metrics: undefined, loss: undefined, task: undefined };

function samples(labels: readonly number[], classes?: number): Dataset {
  return {
    count: labels.length,
    inputs: [{ values: new Float32Array(labels.length), shape: [1] }],
    targets: [{ values: Float32Array.from(labels), shape: [], classes }],
  };
}

const told = (train: Dataset, options: Partial<Parameters<typeof surprisesIn>[0]> = {}, test?: Dataset) =>
  surprisesIn({ ...asked, ...options }, { name: "a.csv", train, test });

describe("the surprises in a run's data", () => {
  const signs = samples([-1, 1, 1, -1]);
  const sentence =
    "What is to be predicted in a.csv are 2 different whole numbers, taken as numbers. " +
    "Say --task classification if they are classes, --task regression if not.";

  it("are few whole numbers of a file that are not taken for classes", () => {
    expect(told(signs)).toEqual([sentence]);
    expect(told(signs, { data: "x.npy" })).toEqual([sentence]);
  });

  it("are none where somebody has said it, or they are no classes", () => {
    expect(told(signs, { task: "regression" })).toEqual([]);
    expect(told(signs, { loss: "hinge" })).toEqual([]);
    expect(told(signs, { data: "memory" })).toEqual([]);
    expect(told(signs, { data: "data.mjs" })).toEqual([]);
    expect(told(samples([0, 1, 1, 0], 2))).toEqual([]);
    expect(told(samples([0.5, 1, 1, 0.5]))).toEqual([]);
    expect(told(samples([1, 2, 4, 1]))).toEqual([]); // hardly any twice
  });

  it("are a single class", () => {
    expect(told(samples([0, 0], 1))).toEqual([
      "All samples of a.csv are of one class: nothing is to be learned.",
    ]);
  });

  it("are metrics that nothing is held back for", () => {
    const data = samples([0, 1], 2);
    expect(told(data, { metrics: "recall" })).toEqual([
      "No samples are held back to measure recall with: say --validation-split.",
    ]);
    expect(told(data, { metrics: "recall" }, data)).toEqual([]);
  });
});
