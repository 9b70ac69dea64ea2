import fc from "fast-check";
import { beforeAll, describe, it } from "vitest";
import type { ComputeBackend } from "../../../src/compute/backend.js";
import { tf } from "../../../src/compute/tensorflow.js";
import { seeds, sizes } from "../../helpers/compute/compare.js";
import { classifier, expectAgreement, wasm } from "../../helpers/network/networks.js";

let backend: ComputeBackend;
beforeAll(async () => {
  backend = await wasm();
});

const padding = fc.constantFrom<"same" | "valid">("same", "valid");

describe("pooling of the CompiledEvaluator", () => {
  it("agrees with the tape along one axis", async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.record({ poolSize: sizes(3), strides: sizes(3), padding }),
        fc.boolean(),
        sizes(6),
        seeds,
        async (config, largest, filters, seed) => {
          const model = classifier(
            [9, 2],
            tf.layers.conv1d({ filters, kernelSize: 2 }),
            largest ? tf.layers.maxPooling1d(config) : tf.layers.averagePooling1d(config),
          );
          await expectAgreement(backend, model, 40, seed);
          model.dispose();
        },
      ),
      { numRuns: 25 },
    );
  });

  it.each([
    ["mean over a sequence", [7, 2], tf.layers.globalAveragePooling1d()],
    ["largest of a sequence", [7, 2], tf.layers.globalMaxPooling1d()],
    ["mean over an image", [5, 6, 2], tf.layers.globalAveragePooling2d({})],
    ["largest of an image", [5, 6, 2], tf.layers.globalMaxPooling2d({})],
  ] as [string, number[], tf.layers.Layer][])("agrees with the tape: %s", async (_name, shape, layer) => {
    const units = tf.layers.dense({ units: 5, activation: "tanh" });
    await expectAgreement(backend, classifier(shape, units, layer), 300, 4);
  });
});
