import { createRequire } from "node:module";
import { join } from "node:path";
import { beforeAll, describe, expect, it } from "vitest";
import { tf } from "../../src/compute/tensorflow.js";
import type * as Api from "../../src/index.js";
import { temporaryFolder } from "../helpers/apts.js";
import { builtUrl } from "../helpers/built.js";

// The built library: its ranks are programs beside it.
const { fit, UsageError } = (await import(builtUrl("src/index.ts"))) as typeof Api;
/** A second TensorFlow.js in this process, with classes of its own. */
const other = createRequire(import.meta.url)("@tensorflow/tfjs/dist/tf.min.js") as typeof tf;

beforeAll(() => tf.setBackend("cpu"));

const COUNT = 48;
const run = (more: object = {}) => ({
  ranks: 1,
  verbose: 0 as const,
  out: join(temporaryFolder(), "run"),
  ...more,
});
const sgd = { method: "sgd", learningRate: 0.1, momentum: 0 } as const;

/** (COUNT, 3) features, and the number of the largest of them. */
function points() {
  const x = tf.randomNormal<tf.Rank.R2>([COUNT, 3], 0, 1, "float32", 7);
  const labels = Array.from(x.argMax(1).dataSync());
  return { x, labels, y: tf.oneHot(tf.tensor1d(labels, "int32"), 3).toFloat() };
}

let made = 0;
function classifier(loss: string, metrics?: string[], lib = tf): tf.LayersModel {
  const name = `classes_${made++}`;
  const kernelInitializer = lib.initializers.glorotNormal({ seed: 3 });
  const layer = lib.layers.dense({
    inputShape: [3],
    units: 3,
    activation: "softmax",
    name,
    kernelInitializer,
  });
  const model = lib.sequential({ layers: [layer] });
  model.compile({ optimizer: lib.train.sgd(0.1), loss, ...(metrics ? { metrics } : {}) });
  return model;
}

function twoOutputs(): tf.LayersModel {
  const input = tf.input({ shape: [3] });
  const kernelInitializer = tf.initializers.glorotNormal({ seed: 5 });
  const a = tf.layers
    .dense({ units: 3, activation: "softmax", name: `a${++made}`, kernelInitializer })
    .apply(input);
  const b = tf.layers.dense({ units: 1, name: `b${made}`, kernelInitializer }).apply(input);
  const model = tf.model({ inputs: input, outputs: [a as tf.SymbolicTensor, b as tf.SymbolicTensor] });
  model.compile({ optimizer: tf.train.sgd(0.1), loss: ["categoricalCrossentropy", "meanSquaredError"], metrics: { [`a${made}`]: "accuracy", [`b${made}`]: "mae" } }); // prettier-ignore
  return model;
}

const values = (model: tf.LayersModel) => model.getWeights().map((weight) => Array.from(weight.dataSync()));
const close = (a: number[], b: number[]) => {
  expect(a).toHaveLength(b.length);
  for (const [i, value] of a.entries()) expect(value).toBeCloseTo(b[i]!, 4);
};

describe("fit beside model.fit, full batch and SGD", () => {
  const { x, y, labels } = points();

  it.each([
    ["accuracy of one-hot rows", () => classifier("categoricalCrossentropy", ["accuracy"]), () => y, {}],
    [
      "class numbers in a plain array",
      () => classifier("sparseCategoricalCrossentropy", ["acc"]),
      () => labels,
      {},
    ],
    ["several metrics, a share held back", () => classifier("categoricalCrossentropy", ["mse", "ce"]), () => y, { validationSplit: 0.25 }], // prettier-ignore
    ["no metrics", () => classifier("meanSquaredError"), () => y, {}],
    [
      "weights of classes",
      () => classifier("categoricalCrossentropy"),
      () => y,
      { classWeight: { 0: 2, 1: 0.5, 2: 1 } },
    ],
    ["weights of classes by their numbers", () => classifier("sparseCategoricalCrossentropy"), () => labels, { classWeight: { 0: 2, 1: 0.5, 2: 1 } }], // prettier-ignore
  ])("%s: same keys, losses and weights", async (_, make, target, options) => {
    const [ours, theirs] = [make(), make()];
    const rows = target();
    const tensor = Array.isArray(rows) ? tf.tensor2d(rows, [COUNT, 1]) : rows;
    const expected = await theirs.fit(x, tensor, { ...options, epochs: 3, batchSize: COUNT });
    const history = await fit(ours, x, rows, { ...options, ...run(sgd), epochs: 3, batchSize: COUNT });
    expect(Object.keys(history.history)).toEqual(Object.keys(expected.history));
    expect(history.epoch).toEqual(expected.epoch);
    expect(history.params["metrics"]).toEqual(expected.params["metrics"]);
    close(history.history["loss"]!, expected.history["loss"] as number[]);
    for (const [name, measured] of Object.entries(history.history))
      if (name.startsWith("val_")) close(measured, expected.history[name] as number[]);
    for (const [i, own] of values(ours).entries()) close(own, values(theirs)[i]!);
  });

  it("several outputs are named as TensorFlow.js names them", async () => {
    const model = twoOutputs();
    const expected = await model.fit(x, [y, x.sum(1, true)], { epochs: 1 });
    const again = { [model.outputNames[0]!]: y, [model.outputNames[1]!]: x.sum(1, true) };
    const history = await fit(model, x, again, { ...run(sgd), epochs: 1 });
    expect(Object.keys(history.history)).toEqual(Object.keys(expected.history));
  });

  it("weights of outputs scale their gradients", async () => {
    const [plain, weighted] = [twoOutputs(), twoOutputs()];
    const before = values(plain);
    const targets = [y, x.sum(1, true)];
    await fit(plain, x, targets, { ...run(sgd), epochs: 1, batchSize: COUNT });
    await fit(weighted, x, targets, { ...run(sgd), epochs: 1, batchSize: COUNT, lossWeights: [1, 0.25] });
    const moved = (model: tf.LayersModel, i: number) =>
      values(model)[i]!.map((value, j) => value - before[i]![j]!);
    close(moved(weighted, 0), moved(plain, 0));
    close(
      moved(weighted, 2),
      moved(plain, 2).map((change) => change / 4),
    );
  });

  it("samples of weight 0 are not there", async () => {
    const [ours, theirs] = [classifier("categoricalCrossentropy"), classifier("categoricalCrossentropy")];
    const half = COUNT / 2;
    const sampleWeight = Float32Array.from({ length: COUNT }, (_, i) => (i < half ? 2 : 0));
    await fit(ours, x, y, { ...run(sgd), epochs: 2, batchSize: COUNT, sampleWeight });
    await theirs.fit(x.slice(0, half), y.slice(0, half), { epochs: 2, batchSize: half });
    for (const [i, own] of values(ours).entries()) close(own, values(theirs)[i]!);
  });

  it("without shuffling, mini-batches hold the samples in their order", async () => {
    const [ours, theirs] = [classifier("categoricalCrossentropy"), classifier("categoricalCrossentropy")];
    const options = { epochs: 2, batchSize: 12, shuffle: false };
    await theirs.fit(x, y, { ...options });
    await fit(ours, x, y, { ...options, ...run(sgd) });
    for (const [i, own] of values(ours).entries()) close(own, values(theirs)[i]!);
  });

  it("epochs of some mini-batches go on in the pass where the one before has ended", async () => {
    const [ours, theirs] = [classifier("categoricalCrossentropy"), classifier("categoricalCrossentropy")];
    const options = { batchSize: 12, shuffle: false };
    await theirs.fit(x, y, { ...options, epochs: 3 }); // of four mini-batches
    const { history } = await fit(ours, x, y, { ...options, ...run(sgd), epochs: 4, batchesPerEpoch: 3 });
    expect(history["loss"]).toHaveLength(4);
    for (const [i, own] of values(ours).entries()) close(own, values(theirs)[i]!);
  });

  it("a model and tensors of another copy of TensorFlow.js", async () => {
    const model = classifier("categoricalCrossentropy", ["accuracy"], other);
    const before = values(model);
    const [theirX, theirY] = [other.tensor2d(Array.from(x.dataSync()), [COUNT, 3]), other.tensor2d(Array.from(y.dataSync()), [COUNT, 3])]; // prettier-ignore
    const [epochs, batches]: [number[], string[][]] = [[], []];
    const callbacks = new other.CustomCallback({
      onEpochEnd: (epoch) => void epochs.push(epoch),
      onBatchEnd: (_, logs) => void batches.push(Object.keys(logs!)),
    });
    const { history } = await fit(model, theirX, theirY, { ...run(), epochs: 3, callbacks });
    expect(history["acc"]).toHaveLength(3);
    expect(values(model)).not.toEqual(before);
    expect(epochs).toEqual([0, 1, 2]);
    expect(batches).toEqual(Array(3).fill(["batch", "size", "loss"]));
  });
});

describe("callbacks", () => {
  const { x, y } = points();
  const validationData = [x, y] as const;

  it("are called in Keras' order, awaited, with the weights of their epoch", async () => {
    const model = classifier("categoricalCrossentropy", ["accuracy"]);
    const heard: string[] = [];
    const late = async (what: string) => {
      await new Promise((resolve) => setTimeout(resolve, 20));
      heard.push(what);
    };
    const { history, epoch } = await fit(model, x, y, {
      ...run({ ...sgd, ranks: 2 }),
      epochs: 5,
      initialEpoch: 3,
      batchSize: 24,
      validationData,
      callbacks: [
        {
          onTrainBegin: () => late("train"),
          onTrainEnd: () => late("end"),
          onEpochBegin: (e) => late(`epoch ${e}`),
          onBatchEnd: (_, logs) => late(`batch ${logs!["batch"]!} of ${logs!["size"]!}`),
          onEpochEnd: async (e, logs) => {
            const measured = model.evaluate(x, y) as tf.Scalar[];
            expect(measured[0]!.dataSync()[0]).toBeCloseTo(logs!["val_loss"]!, 5);
            await late(`end ${e}`);
          },
        },
      ],
    });
    const batches = ["batch 0 of 24", "batch 1 of 24"];
    expect(heard).toEqual(["train", "epoch 3", ...batches, "end 3", "epoch 4", ...batches, "end 4", "end"]);
    expect(epoch).toEqual([3, 4]);
    expect(history["val_acc"]).toHaveLength(2);
  });

  it("end the training after the epoch in which model.stopTraining is set", async () => {
    const model = classifier("categoricalCrossentropy");
    const onEpochEnd = (epoch: number) => {
      if (epoch === 1) (model as unknown as { stopTraining: boolean }).stopTraining = true;
    };
    const { epoch, summary } = await fit(model, x, y, { ...run(), epochs: 50, callbacks: { onEpochEnd } });
    expect(epoch).toEqual([0, 1]);
    expect(summary).toMatchObject({ epochs: 2, ended: "program" });
  });

  it("tf.callbacks.earlyStopping stops it", async () => {
    const model = classifier("categoricalCrossentropy", ["accuracy"]);
    const callbacks = tf.callbacks.earlyStopping({ monitor: "loss", mode: "max", patience: 2 }); // it falls
    const { epoch } = await fit(model, x, y, { ...run(), epochs: 50, callbacks });
    expect(epoch).toEqual([0, 1, 2]);
  });

  it("that fail end the training, and are what it rejects with", async () => {
    const callbacks = { onEpochEnd: () => Promise.reject(new Error("enough")) };
    const failing = fit(classifier("meanSquaredError"), x, y, { ...run(), epochs: 1000, callbacks });
    await expect(failing).rejects.toThrow("enough");
  });

  it("are called without an epoch where none is left to make", async () => {
    const heard: string[] = [];
    const callbacks = { onTrainBegin: () => heard.push("begin"), onTrainEnd: () => heard.push("end") };
    const model = classifier("meanSquaredError");
    const { epoch, summary } = await fit(model, x, y, { ...run(), epochs: 3, initialEpoch: 3, callbacks });
    expect([epoch, summary, heard]).toEqual([[], undefined, ["begin", "end"]]);
  });
});

describe("is refused", () => {
  const { x, y, labels } = points();
  const model = classifier("categoricalCrossentropy");
  const bare = tf.sequential({ layers: [tf.layers.dense({ units: 3, inputShape: [3], name: "bare" })] });

  it.each<[string, unknown[], RegExp]>([
    ["no model", ["fcnn", x, y], /^Expected fit\(model, x, y, options\) with a LayersModel.*"fcnn"/],
    ["a model that is not compiled", [bare, x, y], /compiled, got one that is not\. Call model\.compile/],
    ["fewer targets than samples", [model, x, y.slice(0, 9)], /as many samples in y as in x, got 9 and 48/],
    ["class numbers for one-hot rows", [model, x, labels], /categoricalCrossentropy|\[classes|targets/],
    [
      "shuffle: batch",
      [model, x, y, { shuffle: "batch" }],
      /^Expected shuffle to be true or false, got "batch"\.$/,
    ],
    ["validationSteps", [model, x, y, { validationSteps: 3 }], /got "validationSteps"/],
    ["weights of validation data", [model, x, y, { validationData: [x, y, y] }], /counts all samples alike/],
    ["onYield", [model, x, y, { callbacks: { onEpochEnd: () => 1, onYield: () => 1 } }], /without onYield/],
    ["a callback that is none", [model, x, y, { callbacks: [() => 1] }], /^Expected callbacks to be objects/],
    [
      "a list of metrics",
      [model, x, y, { metrics: ["mae"] }],
      /option "metrics" to be .*text, got \["mae"\]/,
    ],
    ["a tensor for options", [model, x, y, tf.ones([2])], /options of fit to be an object, got a tensor/],
    [
      "weights of classes for targets of none",
      [model, x, tf.ones([COUNT, 3]), { classWeight: { 0: 1, 1: 1, 2: 1 } }],
      /class numbers or one-hot rows for classWeight.*neither in sample 0\. Use sampleWeight/,
    ],
    ["a class without a weight", [model, x, y, { classWeight: { 0: 1, 1: 1 } }], /undefined for class 2/],
    [
      "weights of nothing",
      [model, x, y, { sampleWeight: new Float32Array(COUNT) }],
      /a sample that counts, got weights of 0 for all/,
    ],
    [
      "weights for other samples",
      [model, x, y, { sampleWeight: [1, 2] }],
      /weight for each of 48 samples.*got 2/,
    ],
    [
      "weights of steps that there are none of",
      [model, x, y, { sampleWeight: tf.ones([COUNT, 2]) }],
      /1 steps of the output/,
    ],
    ["batchSize and batches", [model, x, y, { batchSize: 3, batches: 2 }], /either batchSize or batches/],
    [
      "half an epoch",
      [model, x, y, { epochs: 1.5 }],
      /^Expected epochs to be a whole number from 1 on, got 1\.5\.$/,
    ],
    [
      "a misspelt option",
      [model, x, y, { validationsplit: 0.1 }],
      /got "validationsplit"\. Did you mean "validationSplit"/,
    ],
  ])("%s", async (_, args, message) => {
    const refused = (fit as (...all: unknown[]) => Promise<unknown>)(...args);
    await expect(refused).rejects.toThrow(message);
    await expect(refused).rejects.toBeInstanceOf(UsageError);
  });
});
