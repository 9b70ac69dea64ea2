import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { tf } from "../../src/compute/tensorflow.js";
import { writeDataset } from "../../src/data/dataset-file.js";
import { labelled, type Labelled } from "../../src/data/dataset.js";
import { Random } from "../../src/random.js";
import { loadModel } from "../../src/network/model-file.js";
import { decodeCheckpoint } from "../../src/run/checkpoint/format.js";
import { temporaryFolder, writeModule } from "../helpers/apts.js";
import { expectClose } from "../helpers/compute/compare.js";
import { run } from "../helpers/run/run.js";
import { metrics, recordIn } from "../helpers/run-folder.js";

const CLASSES = 3;
const [TRAIN, TEST] = [120, 80];

/** Samples whose features, before `spoil` has its way with them, are noise around a place of their class. */
function samples(
  seed: number,
  count: number,
  sampleShape: readonly number[],
  spoil: (value: number, channel: number) => number,
  Kind: typeof Float32Array | typeof Uint8Array = Float32Array,
): Labelled {
  const random = new Random(seed);
  const size = sampleShape.reduce((a, b) => a * b, 1);
  const features = new Kind(count * size);
  const labels = Int32Array.from({ length: count }, (_, i) => i % CLASSES);
  const channels = sampleShape.at(-1)!;
  for (let i = 0; i < features.length; i++) {
    const near = i % CLASSES === labels[Math.floor(i / size)] ? 0.7 : 0;
    features[i] = spoil(random.normal(near, 1), i % channels);
  }
  return { features, labels, sampleShape, classes: CLASSES };
}

type Data = (sampleShape: readonly number[]) => readonly [Labelled, Labelled];
const both =
  (spoil: (value: number, channel: number) => number, Kind?: typeof Uint8Array): Data =>
  (shape) => [samples(1, TRAIN, shape, spoil, Kind), samples(2, TEST, shape, spoil, Kind)];

const data: Record<string, Data> = {
  "as it should be": both((value) => value),
  "a constant channel": both((value, channel) => (channel === 0 ? 7 : 3 * value - 1)),
  "a channel constant in training alone": (shape) => {
    const spoil = (value: number, channel: number) => (channel === 1 ? 0.25 : value);
    return [samples(1, TRAIN, shape, spoil), samples(2, TEST, shape, (value) => 100 * value)];
  },
  bytes: both((value, channel) => Math.min(255, Math.max(0, 60 + 40 * value + 20 * channel)), Uint8Array),
  "offsets of a hundred deviations": both((value, channel) => 100 + 10 * channel + value),
  "offsets of a million deviations": both((value, channel) => (channel - 1) * 1e6 + value),
  "tiny and huge units": both((value, channel) => value * (channel === 0 ? 1e-6 : 1e6)),
};

/** A module's createModel, `dense`, `conv` and `init` being at hand. */
const models: Record<string, { shape: readonly number[]; body: string; by: RegExp }> = {
  "dense first": {
    shape: [6],
    body: `tf.sequential({ layers: [dense(8, { inputShape: [6], activation: "tanh", name: "first" }), dense(3)] })`,
    by: /^the weights of first$/,
  },
  "flatten, then dense": {
    shape: [4, 4, 3],
    body: `tf.sequential({ layers: [tf.layers.flatten({ inputShape: [4, 4, 3] }), dense(3, { name: "first" })] })`,
    by: /^the weights of first$/,
  },
  "dense on each place": {
    shape: [5, 3],
    body: `tf.sequential({ layers: [dense(4, { inputShape: [5, 3], name: "first" }), tf.layers.flatten(), dense(3)] })`,
    by: /^the weights of first$/,
  },
  "dense without a bias": {
    shape: [6],
    body: `tf.sequential({ layers: [dense(3, { inputShape: [6], useBias: false })] })`,
    by: /^layers in front/,
  },
  "convolution without padding": {
    shape: [5, 5, 3],
    body: `tf.sequential({ layers: [conv({ inputShape: [5, 5, 3], name: "first", strides: 2, activation: "relu" }), tf.layers.flatten(), dense(3)] })`,
    by: /^the weights of first$/,
  },
  "convolution with padding": {
    shape: [5, 5, 3],
    body: `tf.sequential({ layers: [conv({ inputShape: [5, 5, 3], padding: "same" }), tf.layers.flatten(), dense(3)] })`,
    by: /^layers in front: subtract_mean, divide_by_deviation$/,
  },
  "zeros around, then convolution": {
    shape: [5, 5, 3],
    body: `tf.sequential({ layers: [tf.layers.zeroPadding2d({ inputShape: [5, 5, 3] }), conv({ name: "subtract_mean" }), tf.layers.flatten(), dense(3)] })`,
    by: /^layers in front: subtract_mean_2, divide_by_deviation$/,
  },
  "one-dimensional convolution": {
    shape: [9, 2],
    body: `tf.sequential({ layers: [tf.layers.conv1d({ inputShape: [9, 2], filters: 4, kernelSize: 3, kernelInitializer: init(), name: "first" }), tf.layers.flatten(), dense(3)] })`,
    by: /^the weights of first$/,
  },
  "pooling first": {
    shape: [4, 4, 3],
    body: `tf.sequential({ layers: [tf.layers.maxPooling2d({ inputShape: [4, 4, 3], poolSize: 2 }), tf.layers.flatten(), dense(3)] })`,
    by: /^layers in front/,
  },
  "an input read twice": {
    shape: [6],
    body: `(() => { const x = tf.input({ shape: [6] });
      const sum = tf.layers.add().apply([x, dense(6, { activation: "relu" }).apply(x)]);
      return tf.model({ inputs: x, outputs: dense(3).apply(sum) }); })()`,
    by: /^layers in front/,
  },
  "a layer used twice": {
    shape: [6],
    body: `(() => { const x = tf.input({ shape: [6] }); const twice = dense(6, { activation: "tanh" });
      return tf.model({ inputs: x, outputs: dense(3).apply(twice.apply(twice.apply(x))) }); })()`,
    by: /^layers in front/,
  },
  "a nested model first": {
    shape: [4, 4, 2],
    body: `tf.sequential({ layers: [tf.sequential({ layers: [tf.layers.flatten({ inputShape: [4, 4, 2] }), dense(8, { activation: "relu", name: "first" })] }), dense(3)] })`,
    by: /^the weights of first$/,
  },
  "a nested functional model": {
    shape: [4, 4, 2],
    body: `(() => { const z = tf.input({ shape: [4, 4, 2] }); const inner = tf.model({ inputs: z, outputs: conv({ name: "first", padding: "same" }).apply(z) });
      const x = tf.input({ shape: [4, 4, 2] }); return tf.model({ inputs: x, outputs: dense(3).apply(tf.layers.flatten().apply(inner.apply(x))) }); })()`,
    by: /^layers in front/,
  },
  "batch normalisation behind a dense layer": {
    shape: [6],
    body: `tf.sequential({ layers: [dense(8, { inputShape: [6], name: "first" }), tf.layers.batchNormalization(), tf.layers.reLU(), dense(3)] })`,
    by: /^the weights of first$/,
  },
};

/** Whether a float32 weight cannot carry the offset: then layers in front do. */
const FAR = new Set(["offsets of a million deviations"]);

function moduleOf(folder: string, body: string): string {
  return writeModule(
    folder,
    `let seed = 1;
     export function createModel({ tf }) {
       const init = () => tf.initializers.glorotUniform({ seed: seed++ });
       const dense = (units, options = {}) => tf.layers.dense({ units, kernelInitializer: init(), ...options });
       const conv = (options) => tf.layers.conv2d({ filters: 4, kernelSize: 3, kernelInitializer: init(), ...options });
       return ${body};
     }`,
  );
}

async function trained(
  body: string,
  sets: readonly [Labelled, Labelled],
  options: Record<string, unknown> = {},
) {
  const folder = temporaryFolder();
  const [train, test, out] = [join(folder, "train"), join(folder, "test"), join(folder, "run")];
  await writeDataset(train, labelled(sets[0]));
  await writeDataset(test, labelled(sets[1]));
  const rate = options["method"] === undefined ? { learningRate: 0.03 } : {};
  const values = {
    model: moduleOf(folder, body),
    method: "adam",
    epochs: 3,
    batches: 8,
    subdomains: 1,
    ...rate,
    ...options,
  };
  const { summary } = await run(out, values, { handedOver: { data: { train, test } } });
  const record = recordIn(out);
  return { out, summary, inputs: record.inputs, options: record.options };
}

/** What a user sees who loads a model into plain TensorFlow.js and predicts samples as they are. */
async function predicted(path: string, { features, labels, sampleShape }: Labelled) {
  const backend = tf.getBackend();
  await tf.setBackend("cpu");
  try {
    const model = await loadModel(path);
    const x = tf.tensor(Float32Array.from(features), [labels.length, ...sampleShape]);
    const logits = model.predict(x) as tf.Tensor2D;
    const right = logits.argMax(1).dataSync();
    const correct = labels.filter((label, i) => label === right[i]).length;
    const losses = tf.logSoftmax(logits).mul(tf.oneHot(labels, CLASSES)).sum(1).neg();
    return { correct, loss: losses.mean().dataSync()[0]! };
  } finally {
    await tf.setBackend(backend);
  }
}

async function expectWhatWasMeasured(
  path: string,
  test: Labelled,
  line: { testAccuracy: number | null; testLoss: number | null },
) {
  const { correct, loss } = await predicted(path, test);
  expect(correct).toBe(Math.round(line.testAccuracy! * test.labels.length));
  expect(Math.abs(loss - line.testLoss!)).toBeLessThan(1e-5 * Math.max(1, line.testLoss!));
}

describe.each(Object.entries(models))("%s", (_, { shape, body, by }) => {
  it.each(Object.entries(data))("predicts on raw samples what was measured: %s", async (name, make) => {
    const sets = make(shape);
    const { out, summary, inputs } = await trained(body, sets);
    expect(inputs).toMatchObject({ standardised: true, because: "the weights are fresh" });
    expect(inputs.by).toMatch(FAR.has(name) ? /^layers in front/ : by);
    expect(summary.testAccuracy).toBeGreaterThan(0.4); // of three classes: it has learned
    await expectWhatWasMeasured(join(out, "model", "model.json"), sets[1], summary);
    for (const line of metrics(out)) {
      const file = join(out, "checkpoints", `epoch-${line.epoch}.ckpt`);
      const { model } = decodeCheckpoint(file, readFileSync(file));
      const exported = join(out, `exported-${line.epoch}`);
      mkdirSync(exported);
      for (const [part, bytes] of Object.entries(model)) writeFileSync(join(exported, part), bytes as string);
      await expectWhatWasMeasured(join(exported, "model.json"), sets[1], line);
    }
  });
});

describe("inputs stay as they are", () => {
  const words = (seed: number, count: number): Labelled => {
    const random = new Random(seed);
    const labels = Int32Array.from({ length: count }, (_, i) => i % CLASSES);
    const features = Float32Array.from({ length: count * 5 }, (_, i) =>
      i % 5 === 0 ? labels[Math.floor(i / 5)]! : Math.floor(random.uniform(0, 9)),
    );
    return { features, labels, sampleShape: [5], classes: CLASSES };
  };
  const embedding = `tf.layers.embedding({ inputDim: 10, outputDim: 4, inputLength: 5, embeddingsInitializer: init(), name: "words" })`;
  const rest = `tf.layers.flatten(), dense(3)`;
  const normalised = both((value, channel) => 100 * channel + value);

  it.each<[string, string, readonly [Labelled, Labelled], RegExp]>([
    [
      "indices of an embedding",
      `tf.sequential({ layers: [${embedding}, ${rest}] })`,
      [words(1, TRAIN), words(2, TEST)],
      /"words" of the model takes them as indices/,
    ],
    [
      "indices of an embedding in a nested model",
      `tf.sequential({ layers: [tf.sequential({ layers: [${embedding}, tf.layers.flatten()] }), dense(3)] })`,
      [words(1, TRAIN), words(2, TEST)],
      /"words" of the model takes them as indices/,
    ],
    [
      "inputs that the model normalises",
      `tf.sequential({ layers: [tf.layers.batchNormalization({ inputShape: [6], name: "norm" }), dense(3)] })`,
      normalised([6]),
      /"norm" of the model normalises them/,
    ],
    [
      "inputs that the model rescales",
      `tf.sequential({ layers: [tf.layers.rescaling({ inputShape: [6], scale: 0.01, offset: -2.5, name: "scale" }), dense(3)] })`,
      normalised([6]),
      /"scale" of the model normalises them/,
    ],
  ])("%s", async (_, body, sets, because) => {
    const { out, summary, inputs, options } = await trained(body, sets);
    expect(inputs).toEqual({ standardised: false, because: expect.stringMatching(because) as string });
    expect(options.standardise).toBe(false);
    await expectWhatWasMeasured(join(out, "model", "model.json"), sets[1], summary);
  });

  it("but an embedding's are not standardised even when asked for: that is refused", async () => {
    const sets = [words(1, TRAIN), words(2, TEST)] as const;
    await expect(
      trained(`tf.sequential({ layers: [${embedding}, ${rest}] })`, sets, { standardise: true }),
    ).rejects.toThrow(
      /^Expected inputs that can be standardised, but "words" of the model takes them as indices/,
    );
  });

  it("by wish, and of a model that brings its weights; by wish they are standardised there too", async () => {
    const sets = data["bytes"]!([6]);
    const off = await trained(models["dense first"]!.body, sets, { standardise: false });
    expect(off.inputs).toEqual({ standardised: false, because: "asked for" });
    await expectWhatWasMeasured(join(off.out, "model", "model.json"), sets[1], off.summary);
    const model = join(off.out, "model", "model.json");
    const next = await trained("", sets, { model });
    expect(next.inputs).toEqual({ standardised: false, because: "the model brings weights of its own" });
    await expectWhatWasMeasured(join(next.out, "model", "model.json"), sets[1], next.summary);
    const on = await trained("", sets, { model, standardise: true });
    expect(on.inputs).toEqual({ standardised: true, because: "asked for", by: "the weights of first" });
    await expectWhatWasMeasured(join(on.out, "model", "model.json"), sets[1], on.summary);
  });
});

describe("a method that is judged at an average", () => {
  it("has the statistics of batch normalisation of that average", async () => {
    const body = `tf.sequential({ layers: [dense(8, { inputShape: [6], name: "first" }), tf.layers.batchNormalization({ name: "norm" }), tf.layers.reLU(), dense(3)] })`;
    const sets = data["as it should be"]!([6]);
    const method = { method: "schedule-free-adamw", learningRate: 0.1, batches: 1, epochs: 40 };
    const { out, summary } = await trained(body, sets, method);
    expect(summary.testAccuracy).toBeGreaterThan(0.4);
    const path = join(out, "model", "model.json");
    await expectWhatWasMeasured(path, sets[1], summary);

    const model = await loadModel(path);
    const first = tf.model({ inputs: model.inputs, outputs: model.getLayer("first").output });
    const outputs = first.predict(tf.tensor2d(sets[0].features as Float32Array, [TRAIN, 6])) as tf.Tensor;
    const { mean, variance } = tf.moments(outputs, 0);
    const [, , movingMean, movingVariance] = model.getLayer("norm").getWeights();
    expectClose(movingMean!.dataSync(), mean.dataSync(), 1e-4);
    expectClose(movingVariance!.dataSync(), variance.dataSync(), 1e-4);
  });
});

describe("a model with layers in front", () => {
  it("trains on as the function it is, its front as it was", async () => {
    const sets = data["bytes"]!([5, 5, 3]);
    const first = await trained(models["convolution with padding"]!.body, sets);
    const model = join(first.out, "model", "model.json");
    const front = async (path: string) => {
      const loaded = await loadModel(path);
      return ["subtract_mean", "divide_by_deviation"].flatMap(
        (name) =>
        loaded.getLayer(name).getWeights().flatMap((weight) => [...weight.dataSync()]), // prettier-ignore
      );
    };
    // Full batches and no step above Δ = 1e-9: the loss at the start.
    const next = await trained("", sets, {
      model,
      method: "tr",
      batches: 1,
      epochs: 1,
      radius: 1e-7,
      minRadius: 1e-8,
      maxRadius: 1e-6,
    });
    expect(next.summary.testLoss).toBeCloseTo(first.summary.testLoss!, 4);
    expect(await front(join(next.out, "model", "model.json"))).toEqual(await front(model));
  });
});
