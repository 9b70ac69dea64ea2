import fc from "fast-check";
import { beforeAll, describe, it } from "vitest";
import type { ComputeBackend } from "../../../src/compute/backend.js";
import { tf } from "../../../src/compute/tensorflow.js";
import { seeds, sizes } from "../../helpers/compute/compare.js";
import {
  expectAgreement,
  expectDifferencesAlong,
  expectSameLoss,
  logitsOf,
  wasm,
} from "../../helpers/network/networks.js";

let backend: ComputeBackend;
beforeAll(async () => {
  backend = await wasm();
});

const { add, average, maximum, minimum, multiply } = tf.layers;
const mergers = fc.constantFrom<() => tf.layers.Layer>(
  ...[() => add(), () => average(), () => maximum(), () => minimum(), () => multiply()],
);

describe("layers of the CompiledEvaluator that merge", () => {
  it("agree with the tape for two to four inputs, the same one several times among them, and one brought to the others' shape", async () => {
    await fc.assert(
      fc.asyncProperty(
        mergers,
        fc.array(fc.integer({ min: 0, max: 3 }), { minLength: 2, maxLength: 4 }),
        fc.constantFrom("relu", "linear"),
        seeds,
        async (merger, sources, activation, seed) => {
          const input = tf.input({ shape: [3, 4, 5] });
          const dense = (x: unknown, units: number) =>
            tf.layers.dense({ units, activation: "tanh" }).apply(x as tf.SymbolicTensor) as tf.SymbolicTensor;
          const pooled = dense(tf.layers.globalAveragePooling2d({}).apply(input), 6);
          const whole = [dense(input, 6), dense(input, 6), dense(input, 6), dense(input, 6)];
          const parts = [tf.layers.reshape({ targetShape: [1, 1, 6] }).apply(pooled), dense(input, 1)];
          // TensorFlow.js has no gradient of the extremes where an input is brought to the others' shape.
          const merging = merger();
          const isExtreme = merging.getClassName().endsWith("imum");
          const available = isExtreme ? whole : [...whole.slice(2), ...(parts as tf.SymbolicTensor[])];
          // The first has the shape of the result.
          const merged = merging.apply([0, ...sources].map((source) => available[source]!));
          const x = tf.layers.activation({ activation: activation }).apply(merged);
          const model = logitsOf(input, x as tf.SymbolicTensor);
          await expectAgreement(backend, model, 20, seed, 2e-5);
          model.dispose();
        },
      ),
      { numRuns: 40 },
    );
  });

  it.each([
    ["largest", maximum],
    ["smallest", minimum],
  ])(
    "give the %s its gradient where one is brought to the others' shape, which TensorFlow.js has none of",
    async (_, make) => {
      const input = tf.input({ shape: [2, 3] });
      const parts = [4, 1].map((units) => tf.layers.dense({ units }).apply(input) as tf.SymbolicTensor);
      const model = logitsOf(input, make().apply(parts) as tf.SymbolicTensor);
      await expectSameLoss(backend, model, 20, 1);
      await expectDifferencesAlong(backend, model);
    },
  );

  it("agree with the tape for concatenations along every axis", async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.constantFrom(1, 2, 3, -1),
        fc.array(sizes(4), { minLength: 2, maxLength: 3 }),
        fc.boolean(),
        seeds,
        async (axis, lengths, twice, seed) => {
          const input = tf.input({ shape: [2, 3, 4] });
          const parts = lengths.map((length) => {
            const order = axis === 1 ? [3, 2, 1] : axis === 2 ? [1, 3, 2] : [1, 2, 3];
            const units = tf.layers.dense({ units: length }).apply(input) as tf.SymbolicTensor;
            return tf.layers.permute({ dims: order }).apply(units) as tf.SymbolicTensor;
          });
          const all = twice ? [...parts, parts[0]!] : parts;
          const merged = tf.layers.concatenate({ axis }).apply(all) as tf.SymbolicTensor;
          const model = logitsOf(input, merged);
          await expectAgreement(backend, model, 20, seed);
          model.dispose();
        },
      ),
      { numRuns: 25 },
    );
  });
});
