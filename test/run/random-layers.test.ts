import { join } from "node:path";
import { beforeAll, describe, expect, it } from "vitest";
import { createLocalGroup } from "../../src/comm/index.js";
import { startBackend } from "../../src/compute/backend.js";
import { trainConfig } from "../../src/run/options/config.js";
import { train } from "../../src/run/train.js";
import { temporaryFolder, writeModule } from "../helpers/apts.js";
import { run } from "../helpers/run/run.js";
import { metrics, weights } from "../helpers/run-folder.js";

/** Compiled, and through TensorFlow.js. */
const models = {
  "own kernels": `tf.layers.dropout({ rate: 0.3 })`,
  "TensorFlow.js": `tf.layers.reshape({ targetShape: [4, 2] }), tf.layers.gaussianNoise({ stddev: 0.1 }),
    tf.layers.lstm({ units: 3, dropout: 0.2, recurrentDropout: 0.2, kernelInitializer: drawn, recurrentInitializer: drawn }), tf.layers.alphaDropout({ rate: 0.2 })`,
} as const;

const options = (random: string) => ({
  data: "digits",
  trainSamples: 600, // two chunks of a full batch
  testSamples: 100,
  threads: 1,
  checkpointEvery: 1,
  epochs: 2,
  model: writeModule(
    temporaryFolder(),
    `export const createModel = ({ tf, sampleShape, classes }) => {
      const drawn = tf.initializers.glorotNormal({ seed: 7 });
      const dense = (units) => tf.layers.dense({ units, kernelInitializer: drawn });
      return tf.sequential({ layers: [
        tf.layers.flatten({ inputShape: sampleShape }), dense(8), ${random}, dense(classes),
      ] });
    };`,
  ),
});

beforeAll(() => startBackend({ backend: "wasm", threads: 1 })); // ranks of one process share it

const kinds = [
  ["full batches", { method: "apts" }],
  ["mini-batches", { method: "adam", batches: 3 }],
] as const;

describe.each(Object.entries(models))("a run with random layers, by %s", (_, random) => {
  it.each(kinds)("has the same bits on 1, 2 and 3 ranks: %s", async (_, own) => {
    const config = trainConfig([{ source: { kind: "program" }, values: { ...options(random), ...own } }], 3);
    const folder = temporaryFolder();
    const outs = await Promise.all(
      [1, 2, 3].map(async (size) => {
        const out = join(folder, String(size));
        await Promise.all(createLocalGroup(size).map((comm) => train(config, out, { comm, threads: 1 })));
        return out;
      }),
    );
    for (const out of outs.slice(1)) {
      expect(weights(out).equals(weights(outs[0]!))).toBe(true);
      expect(metrics(out).map(({ loss }) => loss)).toEqual(metrics(outs[0]!).map(({ loss }) => loss));
    }
  });

  it("ends as if it had not stopped within an epoch", async () => {
    const values = { ...options(random), method: "adam", batches: 4, epochs: 3 };
    const [whole, parts] = [join(temporaryFolder(), "whole"), join(temporaryFolder(), "parts")];
    await run(whole, values);
    const stop = new AbortController();
    const first = await run(parts, values, {
      stop: stop.signal,
      observe: (event) => {
        if (event.type === "epoch") stop.abort();
      },
    });
    expect(first.summary.ended).toBe("stopped");
    await run(parts, values, { beginning: "resume" });
    expect(weights(parts).equals(weights(whole))).toBe(true);
    expect(metrics(parts)).toEqual(metrics(whole));
  });
});
