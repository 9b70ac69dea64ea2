import { mkdtempSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, it } from "vitest";
import { Random } from "../../src/random.js";
import { UsageError } from "../../src/errors.js";
import { buildModel } from "../../src/network/build.js";

const data = { name: "mine", inputs: [{ shape: [4] }], targets: [{ shape: [], classes: 3 }] };
const require = `import { createRequire } from "node:module";
  const other = createRequire(${JSON.stringify(import.meta.url)})("@tensorflow/tfjs/dist/tf.min.js");`;
const dense = (tf: string, config = "") =>
  `${tf}.sequential({ layers: [${tf}.layers.dense({ units: 3, inputShape: [4], name: "of_${tf}"${config} })] })`;

it.each<[string, string, RegExp | undefined]>([
  ["made with the tf given", `({ tf }) => ${dense("tf")}`, undefined],
  ["made later", `async ({ tf }) => ${dense("tf")}`, undefined],
  [
    "of inputs of any size",
    `({ tf }) => tf.sequential({ layers: [tf.layers.reshape({ targetShape: [4], inputShape: [null] }), tf.layers.dense({ units: 3 })] })`,
    undefined,
  ],
  ["of another copy", `() => ${dense("other")}`, /of another copy of TensorFlow\.js\.$/],
  [
    "of another copy, that ends in a sigmoid",
    `() => ${dense("other", ', activation: "sigmoid"')}`,
    /of another copy of TensorFlow\.js\.$/,
  ],
  [
    "that ends in a sigmoid",
    `({ tf }) => ${dense("tf", ', activation: "sigmoid"')}`,
    /"sigmoid" of Dense "of_tf"/,
  ],
  ["none", `() => undefined`, /got undefined from .*\.mjs\.$/],
  ["not its own class", `() => ({ predict() {} })`, /got an object that is none/],
  [
    "of another shape",
    `({ tf }) => tf.sequential({ layers: [tf.layers.dense({ units: 2, inputShape: [4] })] })`,
    /^Expected an output for each of the 3 classes of this data, got \(batch, 2\) from "dense_\w+" of /,
  ],
])("createModel whose model is %s", async (_, create, sentence) => {
  const path = join(mkdtempSync(join(tmpdir(), "apts-module-")), "model.mjs");
  writeFileSync(path, `${require}\nexport const createModel = ${create};`);
  const built = buildModel(
    { model: path, hidden: [], channels: [], layers: 1, heads: 1, width: 1, seed: 0 },
    data,
    new Random(1),
  );
  if (sentence === undefined) expect((await built).model.outputs[0]!.shape).toEqual([null, 3]);
  else {
    await expect(built).rejects.toThrow(sentence);
    await expect(built).rejects.toBeInstanceOf(UsageError);
  }
});
