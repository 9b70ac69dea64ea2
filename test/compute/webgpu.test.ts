import { afterAll, describe, expect, it } from "vitest";
import { startBackend, type ComputeBackend } from "../../src/compute/backend.js";
import { tf } from "../../src/compute/tensorflow.js";
import { Random } from "../../src/random.js";
import { cnn } from "../../src/network/models/cnn.js";
import { fcnn } from "../../src/network/models/fcnn.js";
import { wholeTensors } from "../../src/network/tensor-part.js";
import { dispose, evaluatorOf, randomChunk, randomTheta, scoreOf } from "../helpers/network/networks.js";
import { hasSwiftShader, SWIFTSHADER_DRIVER } from "../helpers/compute/swiftshader.js";
import { expectClose } from "../helpers/compute/compare.js";

// Where the environment names no other driver.
if (hasSwiftShader) process.env["VK_ICD_FILENAMES"] ??= SWIFTSHADER_DRIVER;

let webgpu: ComputeBackend | undefined;
try {
  webgpu = await startBackend({ backend: "webgpu", threads: 1 });
} catch (error) {
  console.log(`WebGPU tests are skipped: ${(error as Error).message}`);
}

describe.skipIf(webgpu === undefined)("WebGPU", () => {
  afterAll(() => {
    webgpu!.stop();
  });

  it("names its adapter and starts again", async () => {
    const again = await startBackend({ backend: "webgpu", threads: 1 });
    expect(again.description).toMatch(/^WebGPU.* on \S+/);
    expect(again.fingerprint).toBe(webgpu!.fingerprint);
    expect(again.fingerprint).toMatch(/^webgpu; 4\./);
    expect(again.heap).toBeUndefined();
  });

  it.each([
    ["a dense network", () => fcnn([4, 4, 1], 3, [6, 5], new Random(1))],
    ["a convolutional network", () => cnn([6, 6, 2], 3, [3, 4], [5], new Random(1))],
    [
      "batch normalisation, sums and pooling",
      () => {
        const input = tf.input({ shape: [6, 6, 2] });
        const conv = tf.layers.conv2d({ filters: 2, kernelSize: 3, padding: "same" }).apply(input);
        const normal = tf.layers.batchNormalization().apply(conv) as tf.SymbolicTensor;
        const sum = tf.layers.add().apply([normal, input]) as tf.SymbolicTensor;
        const mean = tf.layers
          .globalAveragePooling2d({ dataFormat: "channelsLast" })
          .apply(tf.layers.reLU().apply(sum));
        return tf.model({
          inputs: input,
          outputs: tf.layers.dense({ units: 3 }).apply(mean) as tf.SymbolicTensor,
        });
      },
    ],
  ])(
    "gives loss, gradient and score of the plain backend for %s",
    { timeout: 300_000 },
    async (_name, build) => {
      const results = [];
      for (const name of ["cpu", "webgpu"] as const) {
        const backend = name === "cpu" ? await startBackend({ backend: "cpu", threads: 1 }) : webgpu;
        await tf.setBackend(name);
        const model = build();
        const evaluator = await evaluatorOf(model, backend!);
        const { dimension } = evaluator.layout;
        const chunk = randomChunk(model, 12, 3);
        evaluator.setParameters(randomTheta(dimension, 4));
        const gradient = new Float32Array(dimension);
        const loss = await evaluator.gradient(chunk, 1 / 12, wholeTensors(evaluator.layout), gradient);
        const score = await scoreOf(evaluator, chunk);
        results.push({
          gradient,
          numbers: [loss, await evaluator.loss(chunk, 1 / 12), score.loss, score.correct],
        });
        dispose(chunk);
        model.dispose();
      }
      expectClose(results[1]!.numbers, results[0]!.numbers, 1e-4);
      expectClose(results[1]!.gradient, results[0]!.gradient, 1e-4);
    },
  );
});
