import fc from "fast-check";
import { beforeAll, describe, expect, it } from "vitest";
import type { ComputeBackend } from "../../../src/compute/backend.js";
import { tf } from "../../../src/compute/tensorflow.js";
import { gpt } from "../../../src/network/models/gpt.js";
import { wholeTensors } from "../../../src/network/tensor-part.js";
import { Random } from "../../../src/random.js";
import { seeds } from "../../helpers/compute/compare.js";
import { compiledOn, dispose, randomChunk, randomTheta, wasm } from "../../helpers/network/networks.js";

let backend: ComputeBackend;
beforeAll(async () => {
  backend = await wasm();
});

function recurrent(): tf.LayersModel {
  const { embedding, lstm, gru, bidirectional, layerNormalization, dense } = tf.layers;
  return tf.sequential({
    layers: [
      embedding({ inputDim: 7, outputDim: 5, inputLength: 6 }),
      bidirectional({ layer: lstm({ units: 4, returnSequences: true }) }),
      layerNormalization(),
      gru({ units: 5 }),
      dense({ units: 3 }),
    ],
  });
}

describe("a network of sequences", () => {
  it.each([
    ["gpt", () => gpt(6, 7, { layers: 2, heads: 2, width: 6 }, new Random(1))],
    ["recurrent layers", recurrent],
  ])("of %s keeps what does not vary, with the same bits", async (_, create) => {
    const model = create();
    const chunks = [randomChunk(model, 150, 1), randomChunk(model, 20, 2)];
    const warm = compiledOn(model, backend.heap!);
    const { slots, dimension } = warm.layout;
    const whole = [...wholeTensors(warm.layout)];
    const step = fc.record({
      varying: fc.subarray(whole, { minLength: 1 }),
      changeAll: fc.boolean(),
      chunk: fc.constantFrom(...chunks),
      seed: seeds,
    });
    await fc.assert(
      fc.asyncProperty(fc.array(step, { minLength: 2, maxLength: 5 }), async (steps) => {
        const theta = randomTheta(dimension, 0);
        for (const { varying, changeAll, chunk, seed } of steps) {
          const fresh = randomTheta(dimension, seed);
          for (const { tensor } of changeAll ? whole : varying) {
            const { offset, size } = slots[tensor]!;
            theta.set(fresh.subarray(offset, offset + size), offset);
          }
          warm.setParameters(theta);
          const cold = compiledOn(model, backend.heap!);
          cold.setParameters(theta);
          expect(await warm.loss(chunk, 1, varying)).toBe(await cold.loss(chunk, 1));
          const [a, b] = [new Float32Array(dimension), new Float32Array(dimension)];
          expect(await warm.gradient(chunk, 1, varying, a)).toBe(await cold.gradient(chunk, 1, whole, b));
          for (const { tensor } of varying) {
            const { offset, size } = slots[tensor]!;
            expect(a.subarray(offset, offset + size)).toEqual(b.subarray(offset, offset + size));
          }
          cold.dispose();
        }
      }),
      { numRuns: 25 },
    );
    warm.dispose();
    dispose(...chunks);
    model.dispose();
  });
});
