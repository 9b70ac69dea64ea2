import { readdirSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";
import { beforeAll, describe, expect, it, onTestFinished, vi } from "vitest";
import { tf } from "../../src/compute/tensorflow.js";
import type * as Api from "../../src/index.js";
import { temporaryFolder } from "../helpers/apts.js";
import { builtUrl } from "../helpers/built.js";

// The built library: its ranks are programs beside it.
const built = builtUrl("src/index.ts");
const { train, UsageError } = (await import(built)) as typeof Api;
/** A second TensorFlow.js in this process, with classes of its own. */
const other = createRequire(import.meta.url)("@tensorflow/tfjs/dist/tf.min.js") as typeof tf;

function blobs(count: number) {
  const features = new Float32Array(4 * count);
  const labels = new Int32Array(count);
  for (let i = 0; i < count; i++) {
    labels[i] = i % 3;
    for (let j = 0; j < 4; j++)
      features[4 * i + j] = Math.sin(1 + i * i + 7 * j) / 2 + (j === labels[i] ? 1 : 0);
  }
  return { features, labels };
}
const data = { train: blobs(300), test: blobs(90) };
const small = { ranks: 1, epochs: 3 };

beforeAll(() => tf.setBackend("cpu"));

describe("a model of the program's", () => {
  it.each([
    ["this copy of TensorFlow.js", tf],
    ["another copy", other],
  ])("of %s is trained in place, and leaves no tensor behind", async (_, lib) => {
    expect(lib === tf || lib.LayersModel !== tf.LayersModel).toBe(true);
    // The copies share variables, and so the names of these.
    const named = (layer: string): string => `${layer}_${lib === tf ? "own" : "other"}`;
    const kernelInitializer = (seed: number) => lib.initializers.glorotNormal({ seed });
    const four = { units: 4, inputShape: [4] };
    const frozen = lib.layers.dense({
      ...four,
      trainable: false,
      name: named("frozen"),
      kernelInitializer: kernelInitializer(1),
    });
    const inner = lib.layers.dense({
      ...four,
      name: named("inner"),
      kernelInitializer: kernelInitializer(2),
    });
    const model = lib.sequential({
      layers: [
        frozen,
        lib.sequential({ layers: [inner] }),
        lib.layers.batchNormalization({ name: named("norm") }),
        lib.layers.dense({ units: 3, name: named("logits"), kernelInitializer: kernelInitializer(3) }),
      ],
    });
    const before = model.getWeights().map((weight) => Array.from(weight.dataSync()));
    const kept = frozen.getWeights().map((weight) => Array.from(weight.dataSync()));
    const tensors = tf.memory().numTensors;
    const out = join(temporaryFolder(), "run");
    const { testAccuracy } = await train({ model, data, ...small, epochs: 20, out });
    expect(tf.memory().numTensors).toBe(tensors);
    expect(testAccuracy).toBeGreaterThan(0.5);
    // Everything the run folder has, by name: trained and frozen weights, and the statistics of batch normalisation.
    const after = model.getWeights().map((weight) => Array.from(weight.dataSync()));
    expect(frozen.getWeights().map((weight) => Array.from(weight.dataSync()))).toEqual(kept);
    const changed = after.filter((values, i) => String(values) !== String(before[i])).length;
    expect(changed).toBe(before.length - kept.length);
  });

  it("gets its weights by their names, where a frozen model in it changes their order", async () => {
    const inner = tf.sequential({ layers: [tf.layers.dense({ units: 4, inputShape: [4], name: "inner" })] });
    const model = tf.sequential({ layers: [inner, tf.layers.dense({ units: 4, name: "outer" }), tf.layers.dense({ units: 3 })] }); // prettier-ignore
    const layer = inner.layers[0]!;
    layer.trainable = false;
    const kept = Array.from(layer.getWeights()[0]!.dataSync());
    await train({ model, data, ...small, out: join(temporaryFolder(), "run") });
    expect(Array.from(layer.getWeights()[0]!.dataSync())).toEqual(kept);
  });

  it("with a layer that this process alone knows is refused before anything starts", async () => {
    class Twice extends tf.layers.Layer {
      static className = "TwiceInTest";
      override call(x: tf.Tensor | tf.Tensor[]): tf.Tensor {
        return tf.mul(Array.isArray(x) ? x[0]! : x, 2);
      }
    }
    tf.serialization.registerClass(Twice);
    const model = tf.sequential({ layers: [new Twice({ inputShape: [4] }), tf.layers.dense({ units: 3 })] });
    await expectRefusal(
      { model, data },
      /custom class "TwiceInTest".*createModel\(\{ tf \}\), and give its path/,
    );
  });
});

const model = "fcnn";
const { train: samples, test } = data;
const refusals: [string, unknown, RegExp][] = [
  [
    "nothing like options",
    "digits",
    /^Expected train\(\{ model, data, … \}\), an object of options, got "digits"\.$/,
  ],
  [
    "data that are undefined",
    { data: undefined },
    /^Expected data to be \{ train, test \}.*got undefined\.$/,
  ],
  ["data that are null", { data: null }, /^Expected data to be \{ train, test \}.*got null\.$/],
  ["training data that are undefined", { data: { train: undefined, test } }, /data\.train.*got undefined/],
  [
    "samples without train and test",
    { data: samples },
    /^Expected data to be \{ train, test \}.*features, labels/,
  ],
  ["a tf.data.Dataset", { data: { forEachAsync: () => undefined } }, /got a tf\.data\.Dataset.*toArray/],
  [
    "a model that is none",
    { model: () => 1, data },
    /^Expected model to be a LayersModel.*got a function\.$/,
  ],
  ["a model that is null", { model: null, data }, /^Expected model to be a LayersModel.*got null\.$/],
  ["stepsPerEpoch", { model, data, stepsPerEpoch: 32 }, /got "stepsPerEpoch"\. Use batchesPerEpoch/],
  ["callbacks", { model, data, callbacks: [] }, /got "callbacks"\. Use onEpoch/],
  ["x and y", { model, x: samples.features, y: samples.labels }, /got "x"\. Use data/],
  ["a misspelt option", { model, data, epoch: 5 }, /got "epoch"\. Did you mean "epochs"/],
  ["dryRun", { dryRun: true }, /got "dryRun"/],
  ["a callback that is none", { data, onEpoch: 1 }, /^Expected onEpoch to be a function, got 1\.$/],
  ["ages as labels", { data: { train: { ...samples, labels: samples.labels.map((_, i) => i % 70 * 3) }, test } }, /say classes: 208/], // prettier-ignore
];

describe("train refuses, before anything starts,", () => {
  it.each(refusals)("%s", async (_, request, message) => {
    await expectRefusal(request, message);
  });
});

async function expectRefusal(request: unknown, message: RegExp): Promise<void> {
  const folder = temporaryFolder();
  const out = join(folder, "run");
  // Temporary files go there, too, and those of nobody else.
  vi.stubEnv("TMPDIR", folder);
  onTestFinished(() => void vi.unstubAllEnvs());
  const asked = typeof request === "object" ? { ranks: 1, out, ...request } : request;
  const error: unknown = await train(asked as Api.TrainRequest).catch((thrown: unknown) => thrown);
  expect(error).toBeInstanceOf(UsageError);
  expect((error as Error).message).toMatch(message);
  expect(readdirSync(folder)).toEqual([]);
}

it("trains the built-in network on plain vectors", async () => {
  const { testAccuracy } = await train({ data, ...small, out: join(temporaryFolder(), "run") });
  expect(testAccuracy).toBeGreaterThan(0.5);
});
