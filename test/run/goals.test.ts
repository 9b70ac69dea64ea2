import { join } from "node:path";
import { beforeEach, describe, expect, it } from "vitest";
import { tf } from "../../src/compute/tensorflow.js";
import type { Dataset } from "../../src/data/dataset.js";
import { writeDataset } from "../../src/data/dataset-file.js";
import { UsageError } from "../../src/errors.js";
import { loadModel } from "../../src/network/model-file.js";
import { Random } from "../../src/random.js";
import { temporaryFolder, writeModule } from "../helpers/apts.js";
import { run } from "../helpers/run/run.js";
import { metrics, recordIn, summaryIn, weights } from "../helpers/run-folder.js";

const COUNT = 60;

/** x (count, 2), and y = (sin x₁ + x₂, x₁x₂) with a little noise. */
function curves(count: number, seed: number): { x: Float32Array; y: Float32Array; data: Dataset } {
  const random = new Random(seed);
  const x = Float32Array.from({ length: 2 * count }, () => random.uniform(-1, 1));
  const y = Float32Array.from({ length: 2 * count }, (_, i) => {
    const [a, b] = [x[i - (i % 2)]!, x[i - (i % 2) + 1]!];
    return (i % 2 === 0 ? Math.sin(a) + b : a * b) + random.normal(0, 0.1);
  });
  const data = { count, inputs: [{ values: x, shape: [2] }], targets: [{ values: y, shape: [2] }] };
  return { x, y, data };
}

const test = curves(COUNT, 2);
let handedOver: { data: { train: string; test: string } };
beforeEach(async () => {
  const folder = temporaryFolder();
  handedOver = { data: { train: join(folder, "train"), test: join(folder, "test") } };
  await writeDataset(handedOver.data.train, curves(200, 1).data);
  await writeDataset(handedOver.data.test, test.data);
});

/** What the model in a run folder predicts for the test samples, minus what it should. */
async function errors(out: string): Promise<number[]> {
  const model = await loadModel(join(out, "model", "model.json"));
  const p = (model.predict(tf.tensor2d(test.x, [COUNT, 2])) as tf.Tensor).dataSync<"float32">();
  return [...p].map((value, i) => value - test.y[i]!);
}

const mean = (values: readonly number[]): number => values.reduce((a, b) => a + b, 0) / values.length;
const folder = (): string => join(temporaryFolder(), "run");
const regression = { overlap: 0, epochs: 12 };

describe("a run that predicts numbers", () => {
  it("minimises the mean squared error where nothing is said, and hands back what it measured", async () => {
    const out = folder();
    const { summary } = await run(out, { ...regression, metrics: "mae,huber" }, { handedOver });
    const found = await errors(out);
    expect(summary.testAccuracy).toBeNull();
    expect(summary.testLoss).toBeCloseTo(mean(found.map((e) => e * e)), 6);
    expect(summary.testLoss).toBeLessThan(0.1);
    expect(summary.metrics["meanAbsoluteError"]).toBeCloseTo(mean(found.map(Math.abs)), 6);
    expect(Object.keys(summary.metrics)).toEqual(["meanAbsoluteError", "huber"]);
    expect(recordIn(out).losses).toEqual([{ output: "logits", loss: "meanSquaredError", weight: 1 }]);
    expect(metrics(out).at(-1)!.metrics).toEqual(summary.metrics);
  });

  it("minimises the loss of a module", async () => {
    const path = writeModule(
      temporaryFolder(),
      `import { createRequire } from "node:module";
       const tf = createRequire(${JSON.stringify(import.meta.url)})("@tensorflow/tfjs");
       export const loss = (y, p) => tf.mean(tf.abs(tf.sub(y, p)), -1);`,
    );
    const [own, named] = [folder(), folder()];
    const plain = { ...regression, epochs: 3, backend: "cpu" };
    await run(own, { ...plain, loss: path }, { handedOver });
    await run(named, { ...plain, loss: "mae" }, { handedOver });
    expect(metrics(own).map(({ loss }) => loss)).toEqual(metrics(named).map(({ loss }) => loss));
    expect(weights(own)).toEqual(weights(named));
  });

  it("gives the loss of a module one number each as Keras does, (rows, 1), which meets predictions row by row", async () => {
    const { x, y } = curves(100, 3);
    const target = { values: y.filter((_, i) => i % 2 === 0), shape: [] };
    const train = join(temporaryFolder(), "train");
    await writeDataset(train, { count: 100, inputs: [{ values: x, shape: [2] }], targets: [target] });
    const given = { handedOver: { data: { train, test: undefined } } };
    const path = writeModule(temporaryFolder(), "export const loss = (y, p) => p.sub(y).abs().mean(-1);");
    const out = folder();
    const values = { ...regression, epochs: 2, metrics: "mae", validationSplit: 0.3, loss: path };
    const { summary } = await run(out, values, given);
    expect(summary.testLoss).toBeCloseTo(summary.metrics["meanAbsoluteError"]!, 5);
  });

  it.each([
    [{ loss: "squaredEror" }, /Expected a loss among meanSquaredError, .*got "squaredEror" in the options/],
    [{ metrics: "accurate" }, /Expected metrics among accuracy, .*got "accurate"/],
    [{ loss: "sparseCategoricalCrossentropy" }, /Expected class numbers .*got \(2\)/],
    [{ monitor: "accuracy" }, /Expected --monitor to name one of loss, got "accuracy"/],
    [{ stopAt: "loss" }, /Expected --stop-at to be METRIC=VALUE, got "loss"/],
    [{ stopAtAccuracy: 0.9 }, /Expected --stop-at-accuracy to name one of loss, got "accuracy"/],
    [{ model: "cnn" }, /Expected images .* for cnn/],
  ])("refuses %j", async (values, sentence) => {
    const failed = run(folder(), { ...regression, ...values }, { handedOver });
    await expect(failed).rejects.toThrow(sentence);
    await expect(failed).rejects.toBeInstanceOf(UsageError);
  });
});

describe("a run ends", () => {
  it("where a metric is good enough", async () => {
    const out = folder();
    const { summary } = await run(out, { ...regression, epochs: 100, stopAt: "loss=0.2" }, { handedOver });
    expect(summary.ended).toBe("metric");
    const lines = metrics(out);
    expect(lines.slice(0, -1).every(({ testLoss }) => testLoss! > 0.2)).toBe(true);
    expect(lines.at(-1)!.testLoss).toBeLessThanOrEqual(0.2);
  });

  it("where a metric is, by any of its names", async () => {
    const out = folder();
    const values = {
      ...regression,
      epochs: 100,
      metrics: "mae",
      stopAt: "mae=0.4",
      monitor: "MeanAbsoluteError",
    };
    const { summary } = await run(out, values, { handedOver });
    expect(summary.ended).toBe("metric");
    expect(summary.metrics["meanAbsoluteError"]).toBeLessThanOrEqual(0.4);
  });

  /** Learns, then forgets: with a rate that only ever grows the loss is least somewhere on the way. */
  const worse = { ...regression, method: "sgd", batches: 4, learningRate: 0.9, momentum: 0.95, epochs: 40 };

  it("where nothing becomes better, and hands back the best, resumed or not", async () => {
    const [whole, parts] = [folder(), folder()];
    const best = { ...worse, patience: 4, keepBest: true };
    const { summary } = await run(whole, best, { handedOver });
    expect(summary.ended).toBe("patience");
    expect(summary.modelEpoch).toBe(summary.epochs - 4);
    const losses = metrics(whole).map(({ testLoss }) => testLoss!);
    expect(summary.testLoss).toBe(Math.min(...losses));
    expect(losses[summary.modelEpoch - 1]).toBe(summary.testLoss);
    expect(mean((await errors(whole)).map((e) => e * e))).toBeCloseTo(summary.testLoss!, 6);
    // Stopped behind the best epoch.
    await run(parts, { ...best, epochs: summary.epochs - 2 }, { handedOver });
    await run(parts, best, { handedOver, beginning: "resume" });
    expect({ ...summaryIn(parts), seconds: 0, peakMemory: 0, out: "" }).toEqual({
      ...summary,
      seconds: 0,
      peakMemory: 0,
      out: "",
    });
    expect(weights(parts)).toEqual(weights(whole));
  });
});

describe("samples held back", () => {
  it("are the last of the training samples, as Keras takes them", async () => {
    const out = folder();
    const { train } = handedOver.data;
    const given = { data: { train, test: undefined } };
    await run(out, { ...regression, epochs: 2, validationSplit: 0.25 }, { handedOver: given });
    const { samples } = recordIn(out);
    expect([samples.train.count, samples.test?.count]).toEqual([150, 50]);
  });

  it("may be none: then the training loss is watched", async () => {
    const out = folder();
    const given = { data: { train: handedOver.data.train, test: undefined } };
    const { summary } = await run(out, { ...regression, stopAt: "loss=0.3" }, { handedOver: given });
    expect(summary).toMatchObject({ ended: "metric", testLoss: null, testAccuracy: null, metrics: {} });
    expect(metrics(out).at(-1)).toMatchObject({ testLoss: null, testAccuracy: null });
  });
});

describe("a model's own goal", () => {
  /** Two outputs, a regulariser, a declared loss. */
  const module = (compile: string) =>
    writeModule(
      temporaryFolder(),
      `export function createModel({ tf, seed }) {
         const x = tf.input({ shape: [2] });
         const init = tf.initializers.glorotUniform({ seed: seed + 1 });
         const h = tf.layers.dense({ units: 6, activation: "tanh", kernelInitializer: init,
           kernelRegularizer: tf.regularizers.l2({ l2: 0.01 }), name: "h" }).apply(x);
         const outputs = ["a", "b"].map((name) =>
           tf.layers.dense({ units: 1, kernelInitializer: init, name }).apply(h));
         const model = tf.model({ inputs: x, outputs });
         ${compile}
         return model;
       }`,
    );
  let both: typeof handedOver;
  beforeEach(async () => {
    const home = temporaryFolder();
    both = { data: { train: join(home, "train"), test: join(home, "test") } };
    for (const [name, seed] of [
      ["train", 1],
      ["test", 2],
    ] as const) {
      const { data, y } = curves(seed === 1 ? 200 : COUNT, seed);
      const targets = [0, 1].map((j) => ({ values: y.filter((_, i) => i % 2 === j), shape: [1] }));
      await writeDataset(both.data[name], { ...data, targets });
    }
  });

  it("is the sum over its outputs by their weights, with its penalties in the training loss alone", async () => {
    const out = folder();
    const model = module(
      `model.compile({ optimizer: "sgd", loss: { a: "meanSquaredError", b: "meanAbsoluteError" } });`,
    );
    const goal = { lossWeights: { b: 0.5 }, where: "the program" };
    const { summary } = await run(out, { ...regression, model }, { handedOver: { ...both, goal } });
    expect(recordIn(out).losses).toEqual([
      { output: "a", loss: "meanSquaredError", weight: 1 },
      { output: "b", loss: "meanAbsoluteError", weight: 0.5 },
    ]);
    const trained = await loadModel(join(out, "model", "model.json"));
    const [a, b] = trained.predict(tf.tensor2d(test.x, [COUNT, 2])) as [tf.Tensor, tf.Tensor];
    const off = (p: tf.Tensor, j: number) => [...p.dataSync()].map((value, i) => value - test.y[2 * i + j]!);
    const [ofA, ofB] = [mean(off(a, 0).map((e) => e * e)), mean(off(b, 1).map(Math.abs))];
    expect(summary.metrics["a_loss"]).toBeCloseTo(ofA, 6);
    expect(summary.metrics["b_loss"]).toBeCloseTo(ofB, 6);
    expect(summary.testLoss).toBeCloseTo(ofA + 0.5 * ofB, 6);
    // The same training without the regulariser has a smaller loss, and other weights.
    const kernel = trained.getWeights()[0]!;
    const penalty = 0.01 * [...kernel.dataSync()].reduce((sum, w) => sum + w * w, 0);
    expect(penalty).toBeGreaterThan(0.001);
  });

  it("may be an objective of one's own, that knows no targets", async () => {
    const home = temporaryFolder();
    const objective = writeModule(
      home,
      `export const objective = ({ tf, model, inputs: [x] }) => {
         const [a] = model.apply(x);
         return tf.square(tf.sub(a, tf.sum(x, 1, true)));
       };`,
    );
    const model = module("");
    const plain = { ...regression, model, epochs: 30, standardise: false };
    const x = curves(200, 1).data;
    const data = { train: join(home, "train"), test: join(home, "test") };
    await writeDataset(data.train, { ...x, targets: [] });
    await writeDataset(data.test, { ...test.data, targets: [] });
    const out = folder();
    const { summary } = await run(out, { ...plain, objective }, { handedOver: { data } });
    expect(summary.testLoss).toBeLessThan(0.05);
    const trained = await loadModel(join(out, "model", "model.json"));
    const [a] = trained.predict(tf.tensor2d(test.x, [COUNT, 2])) as [tf.Tensor, tf.Tensor];
    const off = [...a.dataSync()].map((value, i) => (value - test.x[2 * i]! - test.x[2 * i + 1]!) ** 2);
    expect(summary.testLoss).toBeCloseTo(mean(off), 5);
    await expect(
      run(folder(), { ...plain, objective, loss: "mse" }, { handedOver: { data } }),
    ).rejects.toThrow("Expected either --objective or --loss, got both.");
    await expect(run(folder(), { ...plain, model }, { handedOver: { data } })).rejects.toThrow(
      /Expected labels or targets for what .* predicts, got none/,
    );
  });
});
