import { existsSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { beforeAll, describe, expect, it } from "vitest";
import { tf } from "../../src/compute/tensorflow.js";
import type * as Api from "../../src/index.js";
import { serialiseModel } from "../../src/network/model-file.js";
import { runApts, SMALL, temporaryFolder } from "../helpers/apts.js";
import { importBuilt } from "../helpers/launcher/launcher.js";

const { train, UsageError } = (await importBuilt("src/index.ts")) as typeof Api;

beforeAll(() => tf.setBackend("cpu"));

/** A folder with models of 28 × 28 images that do not fit the digits, and a module that tells who runs it. */
async function models(): Promise<string> {
  const folder = temporaryFolder();
  const flatten = tf.layers.flatten({ inputShape: [28, 28, 1] });
  const model = tf.sequential({ layers: [flatten, tf.layers.dense({ units: 3 })] });
  const files = await serialiseModel(model);
  for (const [name, content] of Object.entries(files)) writeFileSync(join(folder, name), content as string);
  model.dispose();
  writeFileSync(
    join(folder, "two-tensors.mjs"),
    `import { writeFileSync } from "node:fs";
     export function createModel({ tf, sampleShape, classes }) {
       if (process.env.APTS_RUN) writeFileSync(${JSON.stringify(join(folder, "rank-started"))}, "");
       const flatten = tf.layers.flatten({ inputShape: sampleShape });
       return tf.sequential({ layers: [flatten, tf.layers.dense({ units: classes })] });
     }`,
  );
  writeFileSync(join(folder, "none.mjs"), "export const model = 1;");
  return folder;
}

describe("before any rank starts", () => {
  it.each([
    ["more subdomains than tensors", ["--ranks", "64"], /^apts: Expected at most 6 subdomains.*got 64/],
    [
      "more subdomains than layers",
      ["--ranks", "64", "--subdomains", "4", "--decomposition", "layers"],
      /^apts: Expected at most 3 subdomains.*got 4/,
    ],
    [
      "more subdomains than units",
      ["--ranks", "64", "--decomposition", "neurons"],
      /^apts: Expected at most 32 subdomains.*got 64/,
    ],
    [
      "more mini-batches than samples",
      ["--ranks", "2", "--batches", "21", "--train-samples", "20"],
      /^apts: Expected the number of mini-batches to be .* from 1 to 20/,
    ],
    [
      "more shards than samples of a mini-batch",
      ["--method", "apts-d", "--ranks", "6", "--batches", "5", "--train-samples", "20"],
      /^apts: Expected batches of at least 6 samples, one for each shard, got batches of 4/,
    ],
    [
      "the same in a dry run",
      ["--method", "apts-d", "--ranks", "6", "--batches", "5", "--train-samples", "20", "--dry-run"],
      /^apts: Expected batches of at least 6 samples, one for each shard, got batches of 4/,
    ],
    [
      "no files",
      ["--ranks", "2", "--data", "mnist", "--data-dir", "."],
      /^apts: Expected the files of MNIST/,
    ],
  ])("%s is one sentence", async (_, options, said) => {
    const cwd = temporaryFolder();
    const ended = await runApts(["train", ...options, "--timeout", "1"], { cwd });
    expect(ended.stderr).toMatch(said);
    expect(ended.stderr.trim().split("\n")).toHaveLength(1);
    expect(ended.code).toBe(2);
    expect(existsSync(join(cwd, "runs"))).toBe(false);
  });

  it("models of a file are built and refused", async () => {
    const folder = await models();
    const common = ["train", ...SMALL, "--ranks", "3", "--out", join(folder, "run"), "--model"];
    for (const [name, said] of [
      [
        "model.json",
        /^apts: Expected an output for each of the 10 classes of this data, got \(batch, 3\) from/,
      ],
      ["two-tensors.mjs", /^apts: Expected at most 2 subdomains.*got 3/],
      ["none.mjs", /^apts: Expected .*none\.mjs to export a function createModel/],
      ["absent.json", /^apts: Expected .*absent\.json/],
    ] as const) {
      const { code, stderr } = await runApts([...common, join(folder, name)]);
      expect(stderr).toMatch(said);
      expect(stderr.trim().split("\n")).toHaveLength(1);
      expect(code).toBe(2);
    }
    expect(existsSync(join(folder, "rank-started"))).toBe(false);
    expect(existsSync(join(folder, "run"))).toBe(false);
  });

  it("a program's model and data are refused, and no tensor stays", async () => {
    const layers = [tf.layers.dense({ units: 3, inputShape: [4] })];
    const model = tf.sequential({ layers });
    const samples = { features: new Float32Array(24).map((_, i) => Math.sin(i)), labels: [0, 1, 2, 0, 1, 2] };
    const data = { train: samples, test: samples };
    const tensors = tf.memory().numTensors;
    const refused = (request: Api.TrainRequest) =>
      train({ data, ...request }).then(
        () => "trained",
        (error: unknown) => (error instanceof UsageError ? error.message : `${String(error)}: no UsageError`),
      );
    expect(await refused({ model, ranks: 3 })).toMatch(/^Expected at most 2 subdomains/);
    expect(await refused({ model, ranks: 2, batches: 7 })).toMatch(/mini-batches to be .* from 1 to 6/);
    const five = { ...samples, classes: 5 };
    expect(await refused({ model, ranks: 1, data: { train: five, test: five } })).toMatch(
      /^Expected an output for each of the 5 classes of this data, got \(batch, 3\) from "\w+" of the model given\.$/,
    );
    expect(await refused({ model: "cnn", ranks: 1 })).toMatch(/^Expected images .* for cnn/);
    expect(tf.memory().numTensors).toBe(tensors);
  });
});
