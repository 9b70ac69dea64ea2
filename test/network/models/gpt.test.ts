import fc from "fast-check";
import { beforeAll, describe, expect, it } from "vitest";
import type { ComputeBackend } from "../../../src/compute/backend.js";
import { tf } from "../../../src/compute/tensorflow.js";
import { gpt } from "../../../src/network/models/gpt.js";
import { Random } from "../../../src/random.js";
import { seeds, sizes } from "../../helpers/compute/compare.js";
import { expectAgreement, wasm } from "../../helpers/network/networks.js";

let backend: ComputeBackend;
beforeAll(async () => {
  backend = await wasm();
});

const SHAPE = { layers: 2, heads: 2, width: 8 };

describe("gpt", () => {
  it("is compiled, and agrees with the tape over shapes", async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.record({ layers: sizes(2), heads: sizes(3), size: sizes(5) }),
        fc.integer({ min: 2, max: 9 }),
        sizes(7),
        seeds,
        async ({ layers, heads, size }, block, vocabulary, seed) => {
          const model = gpt(
            block,
            vocabulary,
            { layers, heads, width: heads * (size + 1) },
            new Random(seed),
          );
          await expectAgreement(backend, model, 9, seed, 1e-4);
          model.dispose();
        },
      ),
      { numRuns: 15 },
    );
  });

  it("sees no later tokens, starts near chance, and is the same for the same seed", () => {
    const model = gpt(6, 11, SHAPE, new Random(5));
    const logits = (tokens: number[]) =>
      tf.tidy(() => (model.predict(tf.tensor2d(tokens, [1, 6])) as tf.Tensor).dataSync<"float32">());
    const [a, b] = [logits([1, 2, 3, 4, 5, 6]), logits([1, 2, 3, 9, 5, 0])];
    expect(b.slice(0, 33)).toEqual(a.slice(0, 33));
    expect(b.slice(33)).not.toEqual(a.slice(33));
    expect(Math.max(...a.map(Math.abs))).toBeLessThan(0.5);
    const again = gpt(6, 11, SHAPE, new Random(5));
    expect(again.getWeights().map((weight) => weight.dataSync())).toEqual(
      model.getWeights().map((weight) => weight.dataSync()),
    );
    model.dispose();
    again.dispose();
  });

  it("is the same model once it is written and read by TensorFlow.js alone", async () => {
    const model = gpt(6, 11, SHAPE, new Random(5));
    const saved: tf.io.ModelArtifacts[] = [];
    const handler = tf.io.withSaveHandler((artifacts) => {
      saved.push(artifacts);
      return Promise.resolve({ modelArtifactsInfo: { dateSaved: new Date(), modelTopologyType: "JSON" } });
    });
    await model.save(handler);
    const read = await tf.loadLayersModel(tf.io.fromMemory(saved[0]!));
    const tokens = tf.tensor2d([1, 2, 3, 4, 5, 6], [1, 6]);
    const [a, b] = [model, read].map((one) => (one.predict(tokens) as tf.Tensor).dataSync<"float32">());
    expect(a).toEqual(b);
    expect(read.trainableWeights.length).toBe(model.trainableWeights.length);
    model.dispose();
  });
});
