import fc from "fast-check";
import { beforeAll, describe, expect, it } from "vitest";
import type { ComputeBackend } from "../../../src/compute/backend.js";
import { tf } from "../../../src/compute/tensorflow.js";
import { UsageError } from "../../../src/errors.js";
import { wholeTensors } from "../../../src/network/tensor-part.js";
import { expectClose, seeds, sizes } from "../../helpers/compute/compare.js";
import {
  classifier,
  compiledOn,
  dispose,
  expectAgreement,
  expectDifferencesAlong,
  MEMORY,
  randomChunk,
  scoreOf,
  wasm,
} from "../../helpers/network/networks.js";

let backend: ComputeBackend;
beforeAll(async () => {
  backend = await wasm();
});

/** x + F(x), with ReLU behind it: the block of residual networks. */
function residual(): tf.LayersModel {
  const input = tf.input({ shape: [6, 6, 4] });
  const stem = tf.layers.conv2d({ filters: 4, kernelSize: 3, padding: "same", useBias: false });
  const x = tf.layers
    .reLU()
    .apply(tf.layers.batchNormalization().apply(stem.apply(input))) as tf.SymbolicTensor;
  const inner = tf.layers.conv2d({ filters: 4, kernelSize: 3, padding: "same", useBias: false });
  const y = tf.layers.batchNormalization().apply(inner.apply(x)) as tf.SymbolicTensor;
  const sum = tf.layers.reLU().apply(tf.layers.add().apply([y, x]));
  const pooled = tf.layers.globalAveragePooling2d({ dataFormat: "channelsLast" }).apply(sum);
  return tf.model({
    inputs: input,
    outputs: tf.layers.dense({ units: 3 }).apply(pooled) as tf.SymbolicTensor,
  });
}

const padding = fc.constantFrom<"same" | "valid">("same", "valid");
const pair = fc.tuple(sizes(3), sizes(3));

describe("CompiledEvaluator on images", () => {
  it("agrees with the tape for convolutions of all kinds, with what follows them", async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.record({ kernelSize: pair, strides: pair, padding, useBias: fc.boolean() }),
        fc.record({ poolSize: pair, strides: pair, padding: fc.constant<"same">("same") }),
        fc.constantFrom("relu", "tanh", "linear"),
        fc.boolean(),
        fc.boolean(),
        sizes(5),
        seeds,
        async (config, poolConfig, activation, depthwise, largest, filters, seed) => {
          // TensorFlow.js's own depthwise layer takes one stride for both directions.
          const stride = config.strides[0];
          const model = classifier(
            [7, 8, 3],
            depthwise
              ? tf.layers.depthwiseConv2d({ ...config, strides: [stride, stride], depthMultiplier: 2 })
              : tf.layers.conv2d({ ...config, filters }),
            tf.layers.activation({ activation: activation }),
            largest ? tf.layers.maxPooling2d(poolConfig) : tf.layers.averagePooling2d(poolConfig),
            tf.layers.conv2d({ filters: 4, kernelSize: 1, activation: "relu" }),
          );
          await expectAgreement(backend, model, 70, seed, 2e-5);
          model.dispose();
        },
      ),
      { numRuns: 25 },
    );
  });

  it("agrees for batch normalisation, with and without ReLU behind it", async () => {
    const model = classifier(
      [4, 5, 2],
      tf.layers.conv2d({ filters: 5, kernelSize: 3 }),
      tf.layers.batchNormalization(),
      tf.layers.reLU(),
      tf.layers.batchNormalization({ epsilon: 1e-2 }),
    );
    await expectAgreement(backend, model, 300, 3, 1e-4);
  });

  it("agrees for batch normalisation with a ReLU up to 6 behind it", async () => {
    const small = tf.initializers.constant({ value: 1e-4 });
    for (const trainable of [true, false]) {
      const model = classifier(
        [4, 5, 2],
        tf.layers.conv2d({ filters: 5, kernelSize: 3 }),
        tf.layers.batchNormalization({ trainable, movingVarianceInitializer: small }), // if frozen, times 30
        tf.layers.reLU({ maxValue: 6 }),
      );
      await expectAgreement(backend, model, 100, 3, 1e-4);
    }
  });

  it("agrees for residual blocks", async () => {
    await expectAgreement(backend, residual(), 20, 4, 1e-4);
  });

  it("agrees for padding, before convolutions and before pooling", async () => {
    await expectAgreement(
      backend,
      classifier(
        [6, 6, 2],
        tf.layers.zeroPadding2d({
          padding: [
            [1, 0],
            [2, 1],
          ],
        }),
        tf.layers.conv2d({ filters: 3, kernelSize: 3, strides: 2 }),
        tf.layers.zeroPadding2d({ padding: 1 }),
        tf.layers.maxPooling2d({ poolSize: 3, strides: 2 }),
      ),
      30,
      5,
    );
  });

  it.each([
    ["convolution", tf.layers.conv2d({ filters: 2, kernelSize: [3, 2], strides: [2, 1], padding: "same" })],
    ["dilated convolution", tf.layers.conv2d({ filters: 2, kernelSize: 3, dilationRate: 2 })],
    ["depthwise convolution", tf.layers.depthwiseConv2d({ kernelSize: 2, depthMultiplier: 2 })],
    ["batch normalisation", tf.layers.batchNormalization()],
    ["batch normalisation without scale", tf.layers.batchNormalization({ scale: false })],
    ["batch normalisation without shift", tf.layers.batchNormalization({ center: false })],
    ["largest value of windows", tf.layers.maxPooling2d({ poolSize: 2 })],
    ["mean of windows", tf.layers.averagePooling2d({ poolSize: 2 })],
    [
      "mean of windows over the edge",
      tf.layers.averagePooling2d({ poolSize: 3, strides: 2, padding: "same" }),
    ],
    ["largest value of all", tf.layers.globalMaxPooling2d({}) as tf.layers.Layer],
    ["mean of all", tf.layers.globalAveragePooling2d({})],
  ])("follows central differences through: %s", async (_name, layer) => {
    const stem = tf.layers.conv2d({ filters: 3, kernelSize: 2, activation: "tanh" });
    const model = classifier([6, 6, 2], stem, layer);
    await expectDifferencesAlong(backend, model);
  });

  it("normalises over the whole chunk, however long it is, and evaluates with running statistics", async () => {
    const model = residual();
    const evaluator = compiledOn(model, backend.heap!, MEMORY);
    const chunks = [randomChunk(model, 40, 1), randomChunk(model, 700, 2), randomChunk(model, 40, 1)];
    const [first, , again] = [
      await evaluator.loss(chunks[0]!, 1),
      await evaluator.loss(chunks[1]!, 1),
      await evaluator.loss(chunks[2]!, 1),
    ];
    expect(again).toBe(first);
    expect(evaluator.statisticsSize).toBe(16);
    const statistics = new Float32Array(16);
    await evaluator.statistics(chunks[0]!, 1, statistics);
    evaluator.setStatistics(statistics);
    expectClose([(await scoreOf(evaluator, chunks[0]!)).loss], [first], 1e-4);
    evaluator.dispose();
    dispose(...chunks);
  });

  it("cuts chunks to the memory allowed, with the same results, and says when nothing fits", async () => {
    const model = classifier([8, 8, 3], tf.layers.conv2d({ filters: 8, kernelSize: 3 }), tf.layers.reLU());
    const chunk = randomChunk(model, 90, 1);
    const wide = compiledOn(model, backend.heap!, MEMORY);
    const narrow = compiledOn(model, backend.heap!, 2 ** 15);
    const n = wide.layout.dimension;
    const gradients = [new Float32Array(n), new Float32Array(n)] as const;
    const losses = [
      await wide.gradient(chunk, 1, wholeTensors(wide.layout), gradients[0]),
      await narrow.gradient(chunk, 1, wholeTensors(wide.layout), gradients[1]),
    ];
    expectClose([losses[1]!], [losses[0]!]);
    expectClose(...gradients);
    expect(() => compiledOn(model, backend.heap!, 2 ** 10)).toThrow(UsageError);
    expect(() => compiledOn(model, backend.heap!, 2 ** 10)).toThrow(
      /Expected to evaluate 1 sample of .* in 1 MB/,
    );

    const normalised = compiledOn(residual(), backend.heap!, 2 ** 20);
    const images = randomChunk(residual(), 1000, 1);
    const sentence =
      /Expected to evaluate 1000 samples .* in 1 MB, .* sees all of a group at once.* --memory, .*--ghost-batch\./;
    expect(() => {
      normalised.checkChunk(1000);
    }).toThrow(sentence);
    expect(() => normalised.loss(images, 1)).toThrow(sentence);
    normalised.checkChunk(5);
    wide.checkChunk(1000); // without batch normalisation, blocks do
    for (const evaluator of [wide, narrow, normalised]) evaluator.dispose();
    dispose(chunk, images);
  });
});
