import fc from "fast-check";
import { beforeAll, describe, expect, it } from "vitest";
import type { ComputeBackend } from "../../../src/compute/backend.js";
import { tf } from "../../../src/compute/tensorflow.js";
import { seeds, sizes } from "../../helpers/compute/compare.js";
import {
  classifier,
  expectAgreement,
  expectDifferences,
  expectSameLoss,
  logitsOf,
  compiledOn,
  wasm,
} from "../../helpers/network/networks.js";

let backend: ComputeBackend;
beforeAll(async () => {
  backend = await wasm();
});

const padding = fc.constantFrom<"same" | "valid">("same", "valid");
const activation = fc.constantFrom<"relu" | "swish" | "linear">("relu", "swish", "linear");
const kernelSize = fc.tuple(sizes(3), sizes(3));

describe("convolutions of the CompiledEvaluator", () => {
  it("agree with the tape along one axis", async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.record({ kernelSize: sizes(4), padding, activation, useBias: fc.boolean(), filters: sizes(5) }),
        sizes(3),
        sizes(3),
        seeds,
        async (config, first, second, seed) => {
          const model = classifier(
            [11, 3],
            tf.layers.conv1d({ ...config, strides: first }),
            tf.layers.conv1d({ filters: 2, kernelSize: 2, padding: "same", strides: second }),
          );
          await expectAgreement(backend, model, 70, seed, 2e-5);
          model.dispose();
        },
      ),
      { numRuns: 25 },
    );
  });

  it("agree with the tape where they are separable", async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.record({ kernelSize, padding, activation, useBias: fc.boolean(), filters: sizes(5) }),
        sizes(3),
        sizes(3),
        fc.boolean(),
        seeds,
        async (config, stride, depthMultiplier, padded, seed) => {
          const model = classifier(
            [7, 8, 3],
            ...(padded ? [tf.layers.zeroPadding2d({ padding: [1, 2] })] : []),
            tf.layers.separableConv2d({ ...config, depthMultiplier, strides: [stride, stride] }),
            tf.layers.separableConv2d({ filters: 2, kernelSize: 2, padding: "same" }),
          );
          await expectAgreement(backend, model, 30, seed, 2e-5);
          model.dispose();
        },
      ),
      { numRuns: 25 },
    );
  });

  it("agree with the tape where they are transposed", async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.record({ kernelSize, padding, activation, useBias: fc.boolean(), filters: sizes(5) }),
        fc.tuple(sizes(3), sizes(3)),
        sizes(3),
        seeds,
        async (config, strides, channels, seed) => {
          const model = classifier(
            [4, 3, 2],
            tf.layers.conv2d({ filters: channels, kernelSize: 2, activation: "tanh" }),
            tf.layers.conv2dTranspose({ ...config, strides }),
            tf.layers.conv2dTranspose({
              filters: 2,
              kernelSize: 3,
              strides: 2,
              padding: "same",
            }),
          );
          await expectAgreement(backend, model, 30, seed, 2e-5);
          model.dispose();
        },
      ),
      { numRuns: 25 },
    );
  });

  it("agree where a transposed one shares its input", async () => {
    const input = tf.input({ shape: [4, 4, 2] });
    const stem = tf.layers.conv2d({ filters: 3, kernelSize: 1 }).apply(input) as tf.SymbolicTensor;
    const up = tf.layers.conv2dTranspose({ filters: 2, kernelSize: 2, strides: 2 }) as tf.layers.Layer;
    const flat = [stem, up.apply(stem) as tf.SymbolicTensor].map((x) => tf.layers.flatten().apply(x));
    const both = tf.layers.concatenate().apply(flat as tf.SymbolicTensor[]) as tf.SymbolicTensor;
    await expectAgreement(backend, logitsOf(input, both), 30, 1);
  });

  it.each([
    ["one axis", [9, 2], tf.layers.conv1d({ filters: 3, kernelSize: 3, dilationRate: 2 })],
    ["images", [8, 7, 2], tf.layers.conv2d({ filters: 3, kernelSize: [2, 3], dilationRate: [3, 2] })],
    [
      "separable, one filter a channel",
      [7, 7, 18],
      tf.layers.separableConv2d({ filters: 3, kernelSize: [2, 3], dilationRate: [2, 3] }),
    ],
    [
      "separable, with two",
      [7, 7, 2],
      tf.layers.separableConv2d({
        ...{ filters: 3, kernelSize: 3, depthMultiplier: 2, dilationRate: [2, 2], padding: "same" },
      }),
    ],
  ] as [string, number[], tf.layers.Layer][])(
    "give dilated ones the gradient that TensorFlow.js has none of: %s",
    async (_name, shape, layer) => {
      const model = classifier(shape, layer, tf.layers.activation({ activation: "tanh" }));
      await expectSameLoss(backend, model, 20, 2);
      await expect(expectAgreement(backend, model, 20, 2)).rejects.toThrow(/dilation rates greater than 1/);
      await expectDifferences(backend, model, 8, 5);
    },
  );

  it("keep a padding apart that a reshape has made another image of", async () => {
    const model = classifier(
      [4, 4, 2],
      tf.layers.zeroPadding2d({ padding: 1 }),
      tf.layers.reshape({ targetShape: [9, 8, 1] }),
      tf.layers.conv2d({ filters: 2, kernelSize: 3 }),
    );
    await expectAgreement(backend, model, 20, 1);
  });

  it("refuse what TensorFlow.js does not compute as it is declared", () => {
    const evaluate = (shape: number[], layer: tf.layers.Layer) =>
      compiledOn(classifier(shape, layer), backend.heap!);
    const causal = tf.layers.conv1d({ filters: 2, kernelSize: 2, padding: "causal", name: "past" });
    expect(() => evaluate([8, 2], causal)).toThrow('"past" has causal padding.');
    const dilated = tf.layers.depthwiseConv2d({ kernelSize: 2, dilationRate: 2, name: "wide" });
    expect(() => evaluate([8, 8, 2], dilated)).toThrow('"wide" is dilated, which TensorFlow.js leaves out.');
  });
});
