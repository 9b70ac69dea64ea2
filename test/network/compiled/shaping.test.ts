import fc from "fast-check";
import { beforeAll, describe, it } from "vitest";
import type { ComputeBackend } from "../../../src/compute/backend.js";
import { tf } from "../../../src/compute/tensorflow.js";
import { seeds, sizes } from "../../helpers/compute/compare.js";
import { classifier, expectAgreement, logitsOf, wasm } from "../../helpers/network/networks.js";

let backend: ComputeBackend;
beforeAll(async () => {
  backend = await wasm();
});

/** What a layer makes of a dense layer's result, read by that layer alone or by another, too. */
async function expectAgreementBehindDense(
  shape: number[],
  layer: tf.layers.Layer,
  shared: boolean,
  seed: number,
): Promise<void> {
  const units = shape.at(-1)!;
  if (!shared) {
    const model = classifier(shape, tf.layers.dense({ units, activation: "tanh" }), layer);
    await expectAgreement(backend, model, 30, seed);
    model.dispose();
    return;
  }
  const input = tf.input({ shape });
  const x = tf.layers.dense({ units }).apply(input) as tf.SymbolicTensor;
  const parts = [layer.apply(x) as tf.SymbolicTensor, x].map((part) => {
    return part.shape.length > 2 ? tf.layers.flatten().apply(part) : part;
  });
  const both = tf.layers.concatenate().apply(parts as tf.SymbolicTensor[]) as tf.SymbolicTensor;
  const model = logitsOf(input, both);
  await expectAgreement(backend, model, 30, seed);
  model.dispose();
}

describe("layers of the CompiledEvaluator that move values", () => {
  it("agree with the tape for every order of axes", async () => {
    const orders = fc.constantFrom<number[]>(
      [1],
      [2, 1],
      [1, 2],
      [1, 3, 2],
      [3, 1, 2],
      [2, 1, 3],
      [3, 2, 1],
      [2, 1, 3, 4],
      [4, 2, 1, 3],
    );
    await fc.assert(
      fc.asyncProperty(
        orders,
        fc.array(sizes(5), { minLength: 4, maxLength: 4 }),
        fc.boolean(),
        seeds,
        async (dims, all, shared, seed) => {
          await expectAgreementBehindDense(
            all.slice(0, dims.length),
            tf.layers.permute({ dims }),
            shared,
            seed,
          );
        },
      ),
      { numRuns: 30 },
    );
  });

  it("agree with the tape for repeated vectors", async () => {
    await fc.assert(
      fc.asyncProperty(sizes(6), sizes(5), fc.boolean(), seeds, async (size, n, shared, seed) => {
        await expectAgreementBehindDense([size], tf.layers.repeatVector({ n }), shared, seed);
      }),
      { numRuns: 10 },
    );
  });

  it("agree with the tape for cropped and enlarged images", async () => {
    const side = fc.integer({ min: 0, max: 1 });
    const cropping = fc
      .tuple(fc.tuple(side, side), fc.tuple(side, side))
      .map((amounts) => tf.layers.cropping2D({ cropping: amounts }) as tf.layers.Layer);
    const enlarging = fc
      .record({
        size: fc.tuple(sizes(3), sizes(3)),
        interpolation: fc.constantFrom<"nearest" | "bilinear">("nearest", "bilinear"),
      })
      .map((config) => tf.layers.upSampling2d(config) as tf.layers.Layer);
    await fc.assert(
      fc.asyncProperty(
        fc.oneof(cropping, enlarging),
        fc.tuple(sizes(3), sizes(3), sizes(9)),
        fc.boolean(),
        seeds,
        async (layer, [height, width, channels], shared, seed) => {
          await expectAgreementBehindDense([height + 2, width + 2, channels], layer, shared, seed);
        },
      ),
      { numRuns: 40 },
    );
  });

  it("agree with the tape for values that are scaled", async () => {
    for (const shared of [false, true]) {
      const layer = tf.layers.rescaling({ scale: 0.5, offset: -0.25 }) as tf.layers.Layer;
      await expectAgreementBehindDense([3, 5], layer, shared, 3);
    }
    const first = tf.layers.rescaling({ scale: 2 }) as tf.layers.Layer;
    await expectAgreement(backend, classifier([7], first, tf.layers.dense({ units: 4 })), 20, 1);
  });
});
