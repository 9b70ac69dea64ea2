import { join } from "node:path";
import { beforeAll, describe, expect, it } from "vitest";
import { tf } from "../../src/compute/tensorflow.js";
import type * as Api from "../../src/index.js";
import { temporaryFolder } from "../helpers/apts.js";
import { builtUrl } from "../helpers/built.js";

// The built library: its ranks are programs beside it.
const { fit, UsageError } = (await import(builtUrl("src/index.ts"))) as typeof Api;

beforeAll(() => tf.setBackend("cpu"));

const run = (more: object = {}) => ({
  ranks: 1,
  verbose: 0 as const,
  out: join(temporaryFolder(), "run"),
  ...more,
});
const sgd = { method: "sgd", learningRate: 0.1, momentum: 0 } as const;

let made = 0;
function line(): tf.LayersModel {
  const kernelInitializer = tf.initializers.constant({ value: 0.5 });
  const layer = tf.layers.dense({ inputShape: [2], units: 1, name: `line_${made++}`, kernelInitializer });
  const model = tf.sequential({ layers: [layer] });
  model.compile({ optimizer: tf.train.sgd(0.1), loss: "meanSquaredError", metrics: ["mae"] });
  return model;
}

const x = Array.from({ length: 20 }, (_, i) => [Math.sin(i), Math.cos(2 * i)]);
const y = x.map(([a, b]) => [2 * a! - b! + 0.5]);
const samples = () => tf.data.zip({ xs: tf.data.array(x), ys: tf.data.array(y) });
const values = (model: tf.LayersModel) => model.getWeights().map((weight) => Array.from(weight.dataSync()));
function expectSame(a: tf.LayersModel, b: tf.LayersModel) {
  for (const [i, own] of values(a).entries())
    for (const [j, value] of own.entries()) expect(value).toBeCloseTo(values(b)[i]![j]!, 5);
}

/** TensorFlow.js' own, of a dataset of another module's class. */
const fitDataset = (model: tf.LayersModel, dataset: unknown, options: object): Promise<{ history: object }> =>
  (model as unknown as { fitDataset(...all: unknown[]): Promise<{ history: object }> }).fitDataset(
    dataset,
    options,
  );

describe("fit with a dataset, beside fitDataset", () => {
  it.each([1, 2])("its batches are the mini-batches, on %d ranks", async (ranks) => {
    const [ours, theirs] = [line(), line()];
    const expected = await fitDataset(theirs, samples().batch(8), { epochs: 3, verbose: 0 });
    const tensors = tf.memory().numTensors;
    const history = await fit(ours, samples().batch(8), { ...run({ ...sgd, ranks }), epochs: 3 });
    expect(tf.memory().numTensors).toBe(tensors);
    expect(Object.keys(history.history)).toEqual(Object.keys(expected.history));
    expectSame(ours, theirs);
  });

  it("of one that is not batched, batchSize makes them", async () => {
    const [ours, theirs] = [line(), line()];
    await fitDataset(theirs, samples().batch(6), { epochs: 2, verbose: 0 });
    await fit(ours, samples(), { ...run(sgd), epochs: 2, batchSize: 6 });
    expectSame(ours, theirs);
  });

  it("one without end goes on from epoch to epoch", async () => {
    const [ours, theirs] = [line(), line()];
    const endless = () => samples().repeat().batch(8);
    await fitDataset(theirs, endless(), { epochs: 3, batchesPerEpoch: 4, verbose: 0 });
    const sizes: number[] = [];
    const callbacks = { onBatchEnd: (_: number, logs?: Api.Logs) => void sizes.push(logs!["size"]!) };
    const validationData = samples().batch(5);
    const options = { ...run(sgd), epochs: 3, stepsPerEpoch: 4, callbacks, validationData };
    const { history } = await fit(ours, endless(), options);
    expect(sizes).toEqual(new Array(12).fill(8));
    expect(history["val_mae"]).toHaveLength(3);
    const [loss] = ours.evaluate(tf.tensor2d(x), tf.tensor2d(y)) as tf.Scalar[];
    expect(history["val_loss"]![2]).toBeCloseTo(loss!.dataSync()[0]!, 5);
    expectSame(ours, theirs);
  });

  it("a function that makes a generator is asked anew for each epoch", async () => {
    const model = line();
    let passes = 0;
    async function* generator(): AsyncGenerator<{ xs: number[][]; ys: number[][] }> {
      passes++;
      for (let i = 0; i < 20; i += 5)
        yield await Promise.resolve({ xs: x.slice(i, i + 5), ys: y.slice(i, i + 5) });
    }
    const { history } = await fit(model, generator, { ...run(sgd), epochs: 4 });
    expect(passes).toBe(4);
    expect(history["loss"]![3]).toBeLessThan(history["loss"]![0]!);
  });

  it("class weights count in every batch", async () => {
    const [ours, theirs] = [line(), line()];
    const zeros = () => tf.data.zip({ xs: tf.data.array(x), ys: tf.data.array(y.map(([v]) => [v! > 0 ? 1 : 0])) }); // prettier-ignore
    const options = { epochs: 2, classWeight: { 0: 3, 1: 0.5 } };
    await fitDataset(theirs, zeros().batch(4), { ...options, verbose: 0 });
    await fit(ours, zeros().batch(4), { ...options, ...run(sgd) });
    expectSame(ours, theirs);
  });
});

describe("is refused", () => {
  async function* twice() {
    yield await Promise.resolve({ xs: x, ys: y });
  }
  it.each<[string, unknown, object, RegExp]>([
    [
      "validationSplit",
      samples().batch(4),
      { validationSplit: 0.1 },
      /with a dataset, got "validationSplit"\. Give validationData/,
    ],
    ["shuffle", samples().batch(4), { shuffle: true }, /no shuffle with a dataset/],
    ["a dataset without ys", tf.data.array(x), {}, /give objects \{ xs, ys \}/],
    ["one of nothing", () => [], {}, /some mini-batches of the dataset for epoch 1, got 0/],
    ["one without end", samples().batch(4).repeat(), {}, /an end, got one that is repeated.*batchesPerEpoch/],
    [
      "a validation set without end",
      samples().batch(4),
      { validationData: samples().batch(4).repeat() },
      /Expected validationData to have an end.*validationBatches/,
    ],
    [
      "one that ends",
      samples().batch(8),
      { stepsPerEpoch: 2, epochs: 2 },
      /Expected 2 mini-batches.*epoch 2, got 1.*repeat/,
    ],
    [
      "a generator for two passes",
      twice(),
      { epochs: 2 },
      /Expected 1 mini-batches.*epoch 2, got 0\..*function that makes/,
    ],
  ])("%s", async (_, dataset, options, message) => {
    const refused = fit(line(), dataset as Api.GivenStream, { ...run(sgd), ...options });
    await expect(refused).rejects.toThrow(message);
    await expect(refused).rejects.toBeInstanceOf(UsageError);
  });
});
