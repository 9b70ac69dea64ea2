import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { train } from "../../dist/src/index.js";
import { tf } from "../../src/compute/tensorflow.js";
import { Random } from "../../src/random.js";
import { loadModel } from "../../src/network/model-file.js";
import { runApts, SMALL, temporaryFolder } from "../helpers/apts.js";

const SHAPE = [4, 4, 2];
const bytes = (seed: number, count: number) => {
  const random = new Random(seed);
  const labels = Int32Array.from({ length: count }, (_, i) => i % 3);
  const features = Uint8Array.from({ length: count * 32 }, (_, i) =>
    Math.max(0, Math.min(255, random.normal(i % 3 === labels[Math.floor(i / 32)] ? 140 : 110, 40))),
  );
  return { features, labels, sampleShape: SHAPE, classes: 3 };
};
const data = { train: bytes(1, 150), test: bytes(2, 90) };

function right(model: tf.LayersModel): number {
  const x = tf.tensor(Float32Array.from(data.test.features), [90, ...SHAPE]);
  const found = (model.predict(x) as tf.Tensor).argMax(1).dataSync();
  return data.test.labels.filter((label, i) => label === found[i]).length;
}

const sequential = (first: tf.layers.Layer) =>
  tf.sequential({ layers: [first, tf.layers.flatten(), tf.layers.dense({ units: 3 })] });
const convolution = (padding: "same" | "valid") =>
  sequential(tf.layers.conv2d({ inputShape: SHAPE, filters: 4, kernelSize: 2, padding })); // prettier-ignore

describe("a model trained in place", () => {
  it.each([true, false])(
    "predicts on raw samples what was measured, standardise: %s",
    async (standardise) => {
      await tf.setBackend("cpu");
      const model = convolution("valid");
      const out = join(temporaryFolder(), "run");
      const summary = await train({ model, data, standardise, ranks: 1, method: "adam", batches: 5, learningRate: 0.02, epochs: 4, out }); // prettier-ignore
      expect(right(model)).toBe(Math.round(90 * summary.testAccuracy!));
      expect(right(await loadModel(join(out, "model", "model.json")))).toBe(right(model));
      if (standardise) expect(summary.testAccuracy!).toBeGreaterThan(0.5);
    },
  );

  it.each<[string, tf.LayersModel, RegExp]>([
    ["a convolution that pads", convolution("same"), /can be folded.*pads it with zeros/],
    [
      "an embedding",
      sequential(tf.layers.embedding({ inputDim: 256, outputDim: 2, inputLength: SHAPE })),
      /takes them as indices/,
    ],
  ])(
    "is refused before anything starts where its inputs cannot be standardised: %s",
    async (_, model, why) => {
      const out = join(temporaryFolder(), "run");
      await expect(train({ model, data, standardise: true, ranks: 1, out })).rejects.toMatchObject({
        name: "UsageError",
        message: expect.stringMatching(why) as string,
      });
    },
  );
});

describe("apts export", () => {
  it("makes a model.json of a run's newest checkpoint, or of any, once", async () => {
    const folder = temporaryFolder();
    const [out, exported] = [join(folder, "run"), join(folder, "exported")];
    await runApts([
      "train",
      ...SMALL,
      "--ranks",
      "1",
      "--epochs",
      "2",
      "--checkpoint-every",
      "1",
      "--out",
      out,
    ]);
    const { code, stdout, stderr } = await runApts(["export", out, "--out", exported]);
    expect(code, stderr).toBe(0);
    expect(stdout).toMatch(/model\.json, epoch 2: test accuracy/);
    const weights = async (path: string) =>
      (await loadModel(join(path, "model.json"))).getWeights().map((weight) => [...weight.dataSync()]);
    expect(await weights(exported)).toEqual(await weights(join(out, "model")));
    const first = join(out, "checkpoints", "epoch-1.ckpt");
    expect((await runApts(["export", first, "--out", join(folder, "first")])).stdout).toMatch(/epoch 1:/);
    expect((await runApts(["export", first, "--out", exported])).code).toBe(2);
    const none = await runApts(["export", join(out, "config.json"), "--out", join(folder, "none")]);
    expect(none.code).toBe(2);
    expect(none.stderr).toMatch(/Expected a checkpoint in .*config\.json/);
    const nowhere = await runApts(["export", "nowhere", "--out", join(folder, "none")]);
    expect(nowhere.stderr).toBe(
      "apts: Expected a run folder or a checkpoint at nowhere, but there is none.\n",
    );
  });
});
