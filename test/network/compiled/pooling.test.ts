import fc from "fast-check";
import { beforeAll, describe, expect, it } from "vitest";
import type { ComputeBackend } from "../../../src/compute/backend.js";
import { tf } from "../../../src/compute/tensorflow.js";
import { writeWindow } from "../../../src/compute/wasm/window.js";
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

  it("hands on a NaN wherever it is in a window", () => {
    const heap = backend.heap!;
    const size = { inHeight: 1, inWidth: 3, channels: 5, outHeight: 1, outWidth: 1, height: 1, width: 3 };
    const steps = { strideHeight: 1, strideWidth: 1, dilationHeight: 1, dilationWidth: 1 };
    const window = writeWindow(heap, { ...size, ...steps, padTop: 0, padLeft: 0 });
    const memory = heap.allocate(4 * 20);
    for (let place = 0; place < 15; place++) {
      heap.floats(memory, 15).set(Array.from({ length: 15 }, (_, i) => (i === place ? NaN : i)));
      heap.kernels.maxPool(window, memory, 1, memory + 60);
      const wanted = [10, 11, 12, 13, 14].map((value, channel) => (channel === place % 5 ? NaN : value));
      expect([...heap.floats(memory + 60, 5)]).toEqual(wanted);
    }
    heap.free(memory);
    heap.free(window);
  });
});
