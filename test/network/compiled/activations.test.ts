import fc from "fast-check";
import { beforeAll, describe, expect, it } from "vitest";
import type { ComputeBackend } from "../../../src/compute/backend.js";
import { tf } from "../../../src/compute/tensorflow.js";
import { seeds, sizes } from "../../helpers/compute/compare.js";
import {
  classifier,
  expectAgreement,
  expectDifferences,
  compiledOn,
  wasm,
} from "../../helpers/network/networks.js";

let backend: ComputeBackend;
beforeAll(async () => {
  backend = await wasm();
});

type Name = NonNullable<Parameters<typeof tf.layers.activation>[0]["activation"]>;
const names = fc.constantFrom(
  ...(["elu", "hardSigmoid", "linear", "relu", "relu6", "selu", "sigmoid", "softplus", "softsign"] as const),
  ...(["tanh", "softmax", "logSoftmax", "swish", "mish", "gelu", "gelu_new"] as const),
) as fc.Arbitrary<Name>;

/** Activations that are layers, with their settings. */
const activationLayers = fc.oneof(
  fc.constant(() => tf.layers.elu()),
  fc.constantFrom(undefined, 0.2, 6).map((maxValue) => () => {
    return tf.layers.reLU(maxValue === undefined ? {} : { maxValue });
  }),
  fc.constantFrom(0, 0.3, -0.5).map((alpha) => () => tf.layers.leakyReLU({ alpha })),
  fc.constant(() => tf.layers.softmax({ axis: -1 })),
  fc.constant(() => tf.layers.softmax({ axis: 3 })),
  fc.subarray([1, 2, 3]).map((sharedAxes) => () => tf.layers.prelu({ sharedAxes })),
);

describe("activations of the CompiledEvaluator", () => {
  it("agree with the tape as activation of a layer, and as a layer", async () => {
    await fc.assert(
      fc.asyncProperty(names, names, names, sizes(9), seeds, async (first, second, third, units, seed) => {
        const model = classifier(
          [6, 5, 2],
          tf.layers.conv2d({ filters: units, kernelSize: [2, 3], activation: first }),
          tf.layers.dense({ units: 5 }),
          tf.layers.activation({ activation: second }),
          tf.layers.dense({ units, activation: third, useBias: false }),
        );
        await expectAgreement(backend, model, 30, seed, 2e-5);
        model.dispose();
      }),
      { numRuns: 40 },
    );
  });

  it("agree with the tape where they are layers with settings, trained slopes among them", async () => {
    await fc.assert(
      fc.asyncProperty(
        activationLayers,
        activationLayers,
        sizes(6),
        seeds,
        async (make, next, filters, seed) => {
          const model = classifier(
            [5, 4, 3],
            tf.layers.conv2d({ filters, kernelSize: 2 }),
            make(),
            next(),
            tf.layers.dense({ units: 5 }),
            make(),
          );
          await expectAgreement(backend, model, 300, seed, 2e-5);
          model.dispose();
        },
      ),
      { numRuns: 40 },
    );
  });

  it("agree where several layers read what is activated", async () => {
    const input = tf.input({ shape: [6] });
    const x = tf.layers.dense({ units: 4 }).apply(input) as tf.SymbolicTensor;
    const branches = (["gelu", "softplus", "softmax", "relu6"] as const).map(
      (activation) => tf.layers.activation({ activation }).apply(x) as tf.SymbolicTensor,
    );
    const sum = tf.layers.add().apply([x, ...branches]) as tf.SymbolicTensor;
    const outputs = tf.layers.dense({ units: 3 }).apply(sum) as tf.SymbolicTensor;
    await expectAgreement(backend, tf.model({ inputs: input, outputs }), 40, 3);
  });

  it("give a thresholded ReLU its gradient", async () => {
    const layer = tf.layers.thresholdedReLU({ theta: 0.1 });
    const x = tf.tensor1d([-1, 0.1, 0.2, 3]);
    expect([...(layer.apply(x) as tf.Tensor).dataSync()]).toEqual([-0, 0, Math.fround(0.2), 3]);
    const smooth = tf.layers.dense({ units: 5, activation: "sigmoid" }); // no value comes near the threshold
    const model = classifier([4], smooth, layer, tf.layers.dense({ units: 3 }));
    await expectDifferences(backend, model, 8, 5);
    await expectAgreement(backend, model, 20, 1);
    x.dispose();
  });

  it("refuses a softmax over another axis than the last by its name", () => {
    const model = classifier([4, 3], tf.layers.softmax({ axis: 1, name: "across" }));
    expect(() => compiledOn(model, backend.heap!)).toThrow(
      '"across" is a softmax over axis 1, not the last.',
    );
  });
});
