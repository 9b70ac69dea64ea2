import { createRequire } from "node:module";
import { join } from "node:path";
import { expect, it } from "vitest";
import { tf } from "../../src/compute/tensorflow.js";
import type * as Api from "../../src/index.js";
import { temporaryFolder } from "../helpers/apts.js";

// The package as programs have it: it starts ranks from its own files.
const built = createRequire(import.meta.url).resolve("apts");
const { train, UsageError } = (await import(built)) as typeof Api;

const samples = (count: number) => ({
  features: Float32Array.from({ length: 5 * count }, (_, i) => 90 + 40 * Math.sin(i * i)),
  labels: Array.from({ length: count }, (_, i) => (Math.sin((5 * i) ** 2) > 0 ? 1 : 0)),
});
const data = { train: samples(120), test: samples(60) };
const options = () => ({ data, ranks: 1, threads: 1, epochs: 3, out: join(temporaryFolder(), "run") });
const small = () =>
  tf.sequential({
    layers: [
      tf.layers.dense({ units: 5, inputShape: [5] }),
      tf.layers.dense({ units: 2, activation: "softmax" }),
    ],
  });

const accuracyOf = (model: tf.LayersModel): number =>
  tf.tidy(() => {
    const predicted = model.predict(tf.tensor2d(data.test.features, [60, 5])) as tf.Tensor;
    const classes = predicted.argMax(-1).dataSync();
    return data.test.labels.filter((label, i) => label === classes[i]).length / 60;
  });

it("weights come back to where they belong, with a frozen nested model in front", async () => {
  await tf.setBackend("cpu");
  const base = tf.sequential({ layers: [tf.layers.dense({ units: 5, inputShape: [5] })] });
  base.trainable = false;
  const model = tf.sequential({
    layers: [base, tf.layers.dense({ units: 5 }), tf.layers.dense({ units: 2 })],
  });
  const before = base.getWeights().map((weight) => weight.dataSync());
  const { testAccuracy } = await train({ ...options(), model });
  expect(base.getWeights().map((weight) => weight.dataSync())).toEqual(before);
  expect(accuracyOf(model)).toBeCloseTo(testAccuracy!, 6);
});

it("a model is standardised once, and trained on from there", async () => {
  const model = small();
  const { testLoss } = await train({ ...options(), model, standardise: true });
  await expect(train({ ...options(), model, standardise: true })).rejects.toThrow(
    /trained for the first time/,
  );
  const still = { method: "sgd", learningRate: 1e-12, batches: 1, epochs: 1 } as const;
  expect((await train({ ...options(), ...still, model })).testLoss).toBeCloseTo(testLoss!, 4);
});

it("a model is trained by one train() at a time", async () => {
  const model = small();
  const first = train({ ...options(), model });
  await expect(train({ ...options(), model })).rejects.toThrow(UsageError);
  await first;
  await train({ ...options(), model });
});

it("rejects with what an async callback throws", async () => {
  const mine = new Error("mine");
  const failing = train({
    ...options(),
    epochs: 100_000,
    model: small(),
    onEpoch: () => Promise.reject(mine),
  });
  await expect(failing).rejects.toBe(mine);
});

it("says that nothing was learned where it is stopped before the first step", async () => {
  const stopped = train({ ...options(), model: small(), signal: AbortSignal.abort() });
  await expect(stopped).rejects.toThrow(/stopped before its first step/);
});
