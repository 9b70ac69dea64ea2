import { execFileSync } from "node:child_process";
import { mkdirSync, mkdtempSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { beforeAll, describe, expect, it } from "vitest";
import { tf } from "../../src/compute/tensorflow.js";
import { Random } from "../../src/random.js";
import { UsageError } from "../../src/errors.js";
import { buildModel } from "../../src/network/build.js";
import { checkPortable } from "../../src/network/inspect/freezing.js";
import { loadModel, serialiseModel } from "../../src/network/model-file.js";

const { layers } = tf;
const root = mkdtempSync(join(tmpdir(), "apts-model-"));
let files: { json: Record<string, unknown>; weights: Uint8Array };
let count = 0;

beforeAll(async () => {
  const written = await serialiseModel(
    tf.sequential({ layers: [layers.dense({ units: 3, inputShape: [4], name: "mine" })] }),
  );
  files = {
    json: JSON.parse(written["model.json"]) as Record<string, unknown>,
    weights: written["weights.bin"],
  };
});

/** A model's folder with `json` (text as it is) and `weights`; the path of its model.json. */
function write(json: unknown, weights: Uint8Array | string | null = files.weights): string {
  const folder = join(root, String(count++));
  mkdirSync(folder);
  const path = join(folder, "model.json");
  writeFileSync(path, typeof json === "string" || Buffer.isBuffer(json) ? json : JSON.stringify(json));
  if (weights !== null) writeFileSync(join(folder, "weights.bin"), weights);
  return path;
}

/** The model's JSON with these fields; its first layer with these of its configuration. */
const changed = (fields: Record<string, unknown>) => ({ ...files.json, ...fields });
function withLayer(
  change: (layer: { class_name: string; config: Record<string, unknown> }) => void,
): unknown {
  const json = structuredClone(files.json) as {
    modelTopology: { config: { layers: { class_name: string; config: Record<string, unknown> }[] } };
  };
  change(json.modelTopology.config.layers[0]!);
  return json;
}
const paths = (...names: string[]) => {
  const [group] = files.json["weightsManifest"] as [{ weights: unknown[] }];
  return changed({ weightsManifest: [{ ...group, paths: names }] });
};
const LFS = "version https://git-lfs.github.com/spec/v1\noid sha256:0\nsize 12\n";

const faults: Record<string, [() => string, RegExp]> = {
  "no file": [() => join(root, "none", "model.json"), /no such file/],
  "a folder": [() => root, /a folder/],
  "an empty file": [() => write(""), /an empty file/],
  "no JSON": [() => write("layers: 3"), /begins with "layers: 3"/],
  HDF5: [() => write(Buffer.from("\x89HDF\r\n\x1a\n", "latin1")), /HDF5/],
  ".keras": [() => write(Buffer.from("PK\x03\x04....", "latin1")), /Keras 3/],
  "a pointer of Git LFS": [() => write(LFS), /model\.json, got a pointer of Git LFS.*git lfs pull/],
  "weights that are a pointer of Git LFS": [
    () => write(files.json, LFS),
    /weights\.bin, got a pointer of Git LFS/,
  ],
  "a number": [() => write("3"), /modelTopology .* found none/],
  "no topology": [() => write(changed({ modelTopology: undefined })), /modelTopology .* found none/],
  "an empty topology": [() => write(changed({ modelTopology: {} })), /class_name/],
  "no manifest": [() => write(changed({ weightsManifest: undefined })), /weightsManifest .* found none/],
  "a manifest of something else": [() => write(changed({ weightsManifest: [3] })), /paths and weights/],
  "a graph model": [() => write({ format: "graph-model", modelTopology: { node: [] } }), /graph model/],
  "Keras 3, by its version": [
    () =>
      write(
        changed({ modelTopology: { keras_version: "3.4.1", model_config: files.json["modelTopology"] } }),
      ),
    /Keras 3 \(3\.4\.1\) .*TF_USE_LEGACY_KERAS/,
  ],
  "Keras 3, by its types": [
    () =>
      write(
        withLayer(({ config }) => {
          config["dtype"] = { module: "keras", class_name: "DTypePolicy", config: { name: "float32" } };
        }),
      ),
    /Keras 3, as Dense "mine" shows/,
  ],
  "a Lambda": [
    () =>
      write(
        withLayer((layer) => {
          layer.class_name = "Lambda";
        }),
      ),
    /Lambda "mine".*createModel/,
  ],
  "a custom layer": [
    () =>
      write(
        withLayer((layer) => {
          layer.class_name = "Twice";
        }),
      ),
    /got the layer Twice.*createModel/,
  ],
  "no weights": [() => write(files.json, null), /weights\.bin, but there is no such file/],
  "weights that are too short": [
    () => write(files.json, files.weights.subarray(4)),
    /Expected 60 bytes of weights in weights\.bin .* found 56/,
  ],
  "weights of another model": [
    () =>
      write(
        withLayer(({ config }) => {
          config["name"] = "x".repeat(100_000);
        }),
      ),
    /Layers and weights|target variable/,
  ],
  "weights above the folder": [
    () => write(paths("../0/weights.bin")),
    /below the folder .*"\.\.\/0\/weights\.bin"/,
  ],
  "weights above, with a detour": [() => write(paths("a/../../0/weights.bin")), /below the folder/],
  "weights anywhere": [() => write(paths("/dev/zero")), /below the folder .*"\/dev\/zero"/],
  "weights that are a FIFO": [
    () => {
      const path = write(files.json, null);
      execFileSync("mkfifo", [join(path, "..", "weights.bin")]);
      return path;
    },
    /no regular file/,
  ],
};

describe("loadModel", () => {
  it.each(Object.entries(faults))("refuses %s in one sentence", async (_, [make, sentence]) => {
    const path = make();
    const error: unknown = await loadModel(path).catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(UsageError);
    const { message } = error as UsageError;
    expect(message).toMatch(sentence);
    expect(message.length).toBeLessThan(500);
    expect(message).toMatch(/^Expected .*[.…]$/);
  });

  it("reads what it should: with a byte order mark, with the topology of a converter, weights in a folder below", async () => {
    const bom = write(`\uFEFF${JSON.stringify(files.json)}`);
    const converted = write(
      changed({ modelTopology: { keras_version: "2.15.0", model_config: files.json["modelTopology"] } }),
    );
    const below = write(paths("./shards/../weights.bin"));
    for (const path of [bom, converted, below]) expect((await loadModel(path)).countParams()).toBe(15);
  });
});

describe("buildModel", () => {
  const data = { name: "mine", inputs: [{ shape: [4] }], targets: [{ shape: [], classes: 3 }] };
  const build = (path: string) =>
    buildModel(
      { model: path, hidden: [], channels: [], layers: 1, heads: 1, width: 1, seed: 0 },
      data,
      new Random(1),
    );

  it.each<[string, () => unknown, RegExp]>([
    [
      "probabilities of each class it does not give",
      () => changed({ trainingConfig: { loss: "binary_crossentropy" } }),
      /probabilities for binaryCrossentropy, declared by trainingConfig of .* without a sigmoid/,
    ],
    [
      "probabilities it does not give",
      () => changed({ trainingConfig: { loss: "categorical_crossentropy" } }),
      /without a softmax/,
    ],
    [
      "loss weights of more outputs",
      () => changed({ trainingConfig: { loss_weights: [0.5, 1] } }),
      /one loss weight in trainingConfig of .* for each of the outputs mine, got 2/,
    ],
    [
      "label smoothing",
      () =>
        changed({
          trainingConfig: {
            loss: {
              class_name: "CategoricalCrossentropy",
              config: { from_logits: true, label_smoothing: 0.1 },
            },
          },
        }),
      /label_smoothing/,
    ],
    [
      "an activity regulariser",
      () =>
        withLayer(({ config }) => {
          config["activity_regularizer"] = { class_name: "L1L2", config: { l1: 0.1, l2: 0 } };
        }),
      /activityRegularizer of Dense "mine"/,
    ],
  ])("refuses a model.json with %s", async (_, json, sentence) => {
    await expect(build(write(json()))).rejects.toThrow(sentence);
    await expect(build(write(json()))).rejects.toBeInstanceOf(UsageError);
  });

  it("takes the loss it has, and what it counts", async () => {
    const loss = { class_name: "SparseCategoricalCrossentropy", config: { from_logits: true } };
    for (const [weights, weight] of [
      [null, 1],
      [[0.5], 0.5],
    ] as const) {
      const { goal } = await build(write(changed({ trainingConfig: { loss, loss_weights: weights } })));
      expect(goal.outputs).toMatchObject([{ loss: { name: "sparseSoftmaxCrossEntropy" }, weight }]);
    }
  });
});

describe("a model in a file", () => {
  const inner = (trainable: boolean) => {
    const base = tf.sequential({
      layers: [layers.dense({ units: 5, inputShape: [4] }), layers.batchNormalization()],
    });
    base.trainable = trainable;
    return base;
  };

  it("has the frozen layers it had, also in nested models", async () => {
    for (const [trainable, count] of [
      [false, 2],
      [true, 6],
    ] as const) {
      const model = tf.sequential({
        layers: [tf.sequential({ layers: [inner(trainable)] }), layers.dense({ units: 3 })],
      });
      expect(model.trainableWeights).toHaveLength(count);
      const written = await serialiseModel(model);
      const read = await loadModel(write(written["model.json"], written["weights.bin"]));
      expect(read.trainableWeights.map(({ shape }) => shape)).toEqual(
        model.trainableWeights.map(({ shape }) => shape),
      );
    }
  });

  it("is refused where a file cannot say what it is", () => {
    const shared = layers.dense({ units: 4, inputShape: [4], name: "mine" });
    const model = tf.sequential({
      layers: [
        tf.sequential({ layers: [shared] }),
        tf.sequential({ layers: [shared] }),
        layers.dense({ units: 3 }),
      ],
    });
    expect(() => {
      checkPortable(model, "the model given");
    }).toThrow(/Dense "mine" is shared by/);

    const partly = tf.sequential({ layers: [layers.dense({ units: 3, inputShape: [4], name: "mine" })] });
    (partly.layers[0]!.weights[0] as unknown as { trainable: boolean }).trainable = false;
    expect(() => {
      checkPortable(partly, "the model given");
    }).toThrow(/Dense "mine" .* 1 of 2 weights/);
    checkPortable(tf.sequential({ layers: [inner(true), layers.dense({ units: 3 })] }), "the model given");
  });
});
