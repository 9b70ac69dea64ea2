import { describe, expect, it } from "vitest";
import { tf } from "../../src/compute/tensorflow.js";
import { inMemory, makeSplit, type ModelSlots } from "../../src/data/in-memory.js";
import { checkEveryClassOccurs } from "../../src/data/labels.js";
import { UsageError } from "../../src/errors.js";
import { plain } from "../helpers/data/labelled.js";

const features = Float32Array.from({ length: 12 }, (_, i) => i);

const make = (data: unknown, slots?: ModelSlots) => inMemory(data, "data.train", slots);
const made = async (data: unknown, slots?: ModelSlots) => plain(await make(data, slots));

describe("inMemory", () => {
  it("takes plain vectors and counts the classes, without copying features", async () => {
    const data = await made({ features, labels: [0, 2, 1] });
    expect(data).toEqual({ features, labels: Int32Array.of(0, 2, 1), sampleShape: [4], classes: 3 });
    expect(data.features).toBe(features);
  });

  it("takes tensors in a list for the inputs of a model that is not known yet, in their order", async () => {
    const list = [tf.tensor2d([[1], [2]]), tf.tensor2d([[3, 4], [5, 6]])]; // prettier-ignore
    const { inputs, targets } = await make({ features: list, targets: tf.tensor2d([[7], [8]]) });
    expect(inputs).toEqual([
      { values: Float32Array.of(1, 2), shape: [1] },
      { values: Float32Array.of(3, 4, 5, 6), shape: [2] },
    ]);
    expect(targets).toHaveLength(1);
  });

  it("takes images and a number of classes", async () => {
    const data = await made({
      features: new Uint8Array(12),
      labels: Int32Array.of(0, 1),
      sampleShape: [3, 2, 1],
      classes: 10,
    });
    expect(data.sampleShape).toEqual([3, 2, 1]);
    expect(data.classes).toBe(10);
  });

  const rows = [[0, 1, 2, 3], Float32Array.of(4, 5, 6, 7), [8, 9, 10, 11]];
  const oneHot = [
    [1, 0, 0],
    [0, 0, 1],
    [0, 1, 0],
  ];
  it.each<[string, unknown, unknown]>([
    ["arrays of arrays", rows, [0, 2, 1]],
    ["one-hot rows", features, oneHot],
    ["tensors", tf.tensor2d(features, [3, 4]), tf.tensor1d([0, 2, 1], "int32")],
    ["one-hot tensors", tf.tensor2d(features, [3, 4]), tf.oneHot(tf.tensor1d([0, 2, 1], "int32"), 3)],
    ["labels in a column", rows, tf.tensor2d([0, 2, 1], [3, 1])],
    ["numbers in float64", Float64Array.from(features), [0, 2, 1]],
  ])("takes %s", async (_, given, labels) => {
    expect(await made({ features: given, labels })).toEqual({
      features,
      labels: Int32Array.of(0, 2, 1),
      sampleShape: [4],
      classes: 3,
    });
  });

  it("takes the shape of samples from nested arrays, from a tensor, or from the model", async () => {
    const slots = { inputs: [{ name: "x", shape: [3, 2] }], outputs: [{ name: "y", shape: [2] }] };
    const nested = [
      [[1], [2]],
      [[3], [4]],
    ];
    expect((await made({ features: nested, labels: [0, 1] })).sampleShape).toEqual([2, 1]);
    expect((await made({ features: tf.zeros([2, 3, 2]), labels: [0, 1] })).sampleShape).toEqual([3, 2]);
    expect((await made({ features, labels: [0, 1] }, slots)).sampleShape).toEqual([3, 2]);
  });

  it.each<[string, unknown, string]>([
    [
      "no samples",
      { features, labels: [] },
      "Expected at least one labelled sample in data.train, got none.",
    ],
    [
      "features that no sample shape divides",
      { features, labels: [0, 1, 0, 1, 0] },
      "Expected samples of a shape of whole numbers in data.train, got [2.4]",
    ],
    [
      "another shape",
      { features, labels: [0, 1], sampleShape: [2, 2] },
      "Expected a label for each sample of shape [2, 2] in data.train, got 12 features, which make 3 samples, and 2 labels.",
    ],
    [
      "one-hot labels in one row, where the samples are counted",
      { features: rows, labels: Float32Array.of(1, 0, 0, 0, 0, 1, 0, 1, 0) },
      "Are they one-hot? Give class numbers, or a row of 3 for each sample in an array or a tensor.",
    ],
    [
      "one-hot labels in one row, where nothing counts the samples",
      { features: new Float32Array(24), labels: Float32Array.of(1, 0, 0, 0, 0, 1, 0, 1, 0, 1, 0, 0) },
      "Expected data.train.labels to be class numbers, got what looks like 4 one-hot rows of 3 in one.",
    ],
    [
      "shares of classes",
      {
        features: rows,
        labels: [
          [1, 0],
          [0.5, 0.5],
          [0, 1],
        ],
      },
      "Expected one-hot rows, a single 1 among zeros, in data.train.labels, got [0.5, 0.5] for sample 1.",
    ],
    [
      "a label that is no class",
      { features, labels: [0, 3, 1], classes: 3 },
      "Expected data.train.labels to be whole numbers from 0 to 2, got 3 for sample 1.",
    ],
    [
      "a negative label",
      { features, labels: [0, 1, -1] },
      "Expected data.train.labels to be whole numbers from 0 on, got -1 for sample 2.",
    ],
    [
      "a label in words",
      { features, labels: ["cat", "dog", "cat"] },
      'Expected numbers in data.train.labels, got "cat" at [0].',
    ],
    [
      "a NaN",
      { features: Float32Array.of(0, 1, Number.NaN, 3), labels: [0, 1] },
      "Expected finite numbers in data.train.features, got NaN in sample 1, feature 0.",
    ],
    [
      "a number beyond float32",
      { features: [[1], [1e39]], labels: [0, 1] },
      "Expected finite numbers in data.train.features, got 1e+39 in sample 1, feature 0.",
    ],
    [
      "a missing value",
      {
        features: [
          [1, 2],
          [3, undefined],
        ],
        labels: [0, 1],
      },
      "Expected numbers in data.train.features, got undefined at [1][1].",
    ],
    [
      "rows of several lengths",
      { features: [[1, 2], [3]], labels: [0, 1] },
      "Expected rows of 2 in data.train.features everywhere, got one of 1 at [1].",
    ],
    [
      "features that are none",
      { features: undefined, labels: [0] },
      "Expected data.train.features to be a typed array, an array (of arrays) of numbers, or a tensor, got undefined.",
    ],
    ["a promise", { features: Promise.resolve(features), labels: [0] }, "got Promise. Await it first."],
    ["nothing", undefined, "Expected data.train to be an object { features, labels }, got undefined."],
    [
      "fields of another library",
      { features, labels: [0, 1], sampleWeights: [1, 1] },
      'Expected data.train to hold only features, labels, targets, weights, sampleShape, classes, got "sampleWeights" in it.',
    ],
  ])("refuses %s", async (_, data, message) => {
    await expect(make(data)).rejects.toThrow(UsageError);
    await expect(make(data)).rejects.toThrow(message);
  });

  it("takes zeros and ones for class numbers where two classes are said", async () => {
    const labels = [1, 0, 0, 0, 0, 1, 0, 1, 0, 1, 0, 0];
    expect((await made({ features, labels, classes: 2 })).labels).toEqual(Int32Array.from(labels));
  });
});

describe("checkEveryClassOccurs", () => {
  it("takes ages for what they are", async () => {
    const ages = await make({ features, labels: [70, 0, 35] });
    expect(() => {
      checkEveryClassOccurs(ages.targets[0]!, "data.train.labels");
    }).toThrow(
      "Expected data.train.labels to be class numbers, every one from 0 to 70, got no sample of 1 and 67 others. If they are, say classes: 71",
    );
  });
});

describe("makeSplit", () => {
  it("takes the larger number of classes", async () => {
    const train = await make({ features: Float32Array.of(1, 3), labels: [0, 1] });
    const test = await make({ features: Float32Array.of(7), labels: [2] });
    const split = makeSplit("mine", train, test);
    expect([plain(split.train).classes, plain(split.test).classes]).toEqual([3, 3]);
  });

  it("refuses samples of different shapes", async () => {
    const train = await make({ features, labels: [0, 1, 2] });
    const test = await make({ features, labels: [0, 1] });
    expect(() => makeSplit("mine", train, test)).toThrow(
      "Expected training and test samples of one shape, got [4] and [6].",
    );
  });
});
