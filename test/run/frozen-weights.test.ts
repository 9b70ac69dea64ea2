import { beforeAll, expect, test } from "vitest";

import { createLocalGroup } from "../../src/comm/index.js";
import { startBackend } from "../../src/compute/backend.js";
import { trainConfig } from "../../src/run/options/config.js";
import { setUp } from "../../src/run/setup.js";
import { temporaryFolder, writeModule } from "../helpers/apts.js";

beforeAll(async () => {
  await startBackend({ backend: "auto", threads: 1 }); // all ranks of this process have it
});

const model = () =>
  writeModule(
    temporaryFolder(),
    `export const createModel = ({ tf, sampleShape, classes }) =>
      tf.sequential({
        layers: [
          tf.layers.flatten({ name: "flat", inputShape: sampleShape }),
          tf.layers.dense({ name: "drawn", units: 6, activation: "tanh", trainable: false }),
          tf.layers.dense({ name: "hidden", units: 5, activation: "relu" }),
          tf.layers.dense({ name: "out", units: classes, activation: "softmax" }),
        ],
      });`,
  );

test.each([
  ["whole on every rank", { method: "adam", stages: 1 }],
  ["in stages, of which there are two copies", { method: "adam", stages: 2 }],
])("weights that a module draws and freezes are alike on all ranks: a network %s", async (_, own) => {
  const size = 2 * own.stages;
  const options = {
    data: "digits",
    trainSamples: 100,
    testSamples: 10,
    model: model(),
    batchSize: 50,
    ...own,
  };
  const config = trainConfig([{ source: { kind: "program" }, values: options }], size);
  const frozen = await Promise.all(
    createLocalGroup(size).map(async (comm) => {
      const setup = await setUp(config, {}, comm, 1);
      const held = setup.network.exportModel(await setup.start());
      const layer = held.layers.find(({ trainable, weights }) => !trainable && weights.length > 0);
      return layer && Array.from(layer.getWeights()[0]!.dataSync());
    }),
  );
  const drawn = frozen.filter((values) => values !== undefined);
  expect(drawn).toHaveLength(2);
  expect(new Set(drawn[0]).size).toBeGreaterThan(1000);
  expect(drawn[1]).toEqual(drawn[0]);
});
