import fc from "fast-check";
import { beforeAll, describe, expect, it } from "vitest";
import type { ComputeBackend } from "../../../src/compute/backend.js";
import { tf } from "../../../src/compute/tensorflow.js";
import { UsageError } from "../../../src/errors.js";
import { UnsupportedLayer } from "../../../src/network/compiled/layers/layer-call.js";
import { seeds, sizes } from "../../helpers/compute/compare.js";
import {
  dispose,
  expectAgreement,
  expectDifferences,
  compiledOn,
  logitsOf,
  randomChunk,
  wasm,
} from "../../helpers/network/networks.js";

type Tensor = tf.SymbolicTensor;

let backend: ComputeBackend;
beforeAll(async () => {
  backend = await wasm();
});

function dense(x: Tensor, units: number): Tensor {
  return tf.layers.dense({ units }).apply(x) as Tensor;
}

const compile = (model: tf.LayersModel) => compiledOn(model, backend.heap!);

describe("Embedding", () => {
  it("agrees with the tape for codes of any shape, that come again and again", async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(sizes(5), { minLength: 1, maxLength: 2 }),
        sizes(9),
        sizes(9),
        fc.boolean(),
        sizes(80),
        seeds,
        async (shape, inputDim, outputDim, trainable, rows, seed) => {
          const input = tf.input({ shape });
          const embedded = tf.layers.embedding({ inputDim, outputDim, trainable }).apply(input) as Tensor;
          const model = logitsOf(input, dense(embedded, 4));
          await expectAgreement(backend, model, rows, seed);
          model.dispose();
        },
      ),
      { numRuns: 30 },
    );
  });

  it("cuts codes to whole numbers, and refuses those that name no row", async () => {
    const input = tf.input({ shape: [2], name: "codes" });
    const layer = tf.layers.embedding({ inputDim: 3, outputDim: 2, name: "words" });
    const model = logitsOf(input, layer.apply(input) as Tensor);
    const evaluator = compile(model);
    const chunk = randomChunk(model, 2, 1);
    const lossOf = async (codes: number[]) => {
      const x = tf.tensor2d(codes, [2, 2]);
      const loss = await evaluator.loss({ ...chunk, inputs: [x] }, 1);
      x.dispose();
      return loss;
    };
    expect(await lossOf([-0.5, 1.9, 2.5, 0])).toBe(await lossOf([0, 1, 2, 0]));
    for (const wrong of [3, -1, 1e9, -1e9, NaN, Infinity]) {
      const message = `Expected codes from 0 to 2 for Embedding "words", got ${wrong} in the data.`;
      await expect(lossOf([0, 1, 2, wrong])).rejects.toThrow(
        expect.objectContaining({
          constructor: UsageError,
          message: expect.stringContaining(message) as string,
        }),
      );
    }
    dispose(chunk);
  });

  it("leaves masks and computed codes to the tape", () => {
    const masked = tf.sequential({
      layers: [
        tf.layers.embedding({ inputDim: 3, outputDim: 2, inputLength: 2, maskZero: true }),
        tf.layers.lstm({ units: 2 }),
        tf.layers.dense({ units: 2 }),
      ],
    });
    expect(() => compile(masked)).toThrow(UnsupportedLayer);
    const input = tf.input({ shape: [2] });
    const computed = tf.layers.embedding({ inputDim: 3, outputDim: 2 }).apply(dense(input, 2)) as Tensor;
    expect(() => compile(logitsOf(input, computed))).toThrow(UnsupportedLayer);
  });
});

describe("LayerNormalization", () => {
  it("agrees with the tape over shapes and settings", async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(sizes(4), { minLength: 0, maxLength: 2 }),
        fc.integer({ min: 2, max: 19 }),
        fc.record({
          epsilon: fc.constantFrom(1e-3, 1e-5),
          center: fc.boolean(),
          scale: fc.boolean(),
          axis: fc.constantFrom(-1, "last" as const),
        }),
        sizes(150),
        seeds,
        async (shape, columns, { axis, ...settings }, rows, seed) => {
          const input = tf.input({ shape: [...shape, 3] });
          // TensorFlow.js has no gradient without γ or β, and differences of few columns are steep.
          const byTape = settings.scale && settings.center;
          const x = dense(input, byTape ? columns : columns + 4);
          const last = x.shape.length - 1;
          const layer = tf.layers.layerNormalization({ ...settings, axis: axis === "last" ? last : axis });
          const model = logitsOf(input, layer.apply(x) as Tensor);
          if (byTape) await expectAgreement(backend, model, rows, seed, 1e-4);
          else await expectDifferences(backend, model, rows, seed);
          model.dispose();
        },
      ),
      { numRuns: 40 },
    );
  });

  it("leaves other axes to the tape", () => {
    for (const axis of [1, [1, 2]]) {
      const input = tf.input({ shape: [3, 3] });
      const x = tf.layers.layerNormalization({ axis }).apply(input) as Tensor;
      expect(() => compile(logitsOf(input, x))).toThrow(UnsupportedLayer);
    }
  });
});

describe("Dot", () => {
  it("agrees with the tape for matrices and vectors, along all axes", async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.constantFrom(2, 3),
        fc.constantFrom(2, 3),
        fc.boolean(),
        fc.boolean(),
        fc.boolean(),
        fc.tuple(sizes(6), sizes(9), sizes(9)),
        sizes(70),
        seeds,
        async (rankX, rankY, lastX, lastY, negative, [k, m, n], rows, seed) => {
          const input = tf.input({ shape: [5] });
          /** A vector (k) or a matrix that is k long along its first or last axis. */
          const factor = (rank: number, alongLast: boolean, other: number) => {
            const shape = rank === 2 ? [k] : alongLast ? [other, k] : [k, other];
            const values = dense(
              input,
              shape.reduce((a, b) => a * b),
            );
            return tf.layers.reshape({ targetShape: shape }).apply(values) as Tensor;
          };
          const axis = (rank: number, alongLast: boolean) => (rank === 2 || !alongLast ? 1 : 2);
          const axes: [number, number] = [axis(rankX, lastX), axis(rankY, lastY)];
          const given: [number, number] = negative ? [axes[0] - rankX, axes[1] - rankY] : axes;
          const dot = tf.layers.dot({ axes: given });
          const x = dot.apply([factor(rankX, lastX, m), factor(rankY, lastY, n)]) as Tensor;
          const model = logitsOf(input, x);
          await expectAgreement(backend, model, rows, seed);
          model.dispose();
        },
      ),
      { numRuns: 60 },
    );
  });

  it("agrees where both factors are the same", async () => {
    const input = tf.input({ shape: [4, 3] });
    const x = dense(input, 5);
    await expectAgreement(
      backend,
      logitsOf(input, tf.layers.dot({ axes: 2 }).apply([x, x]) as Tensor),
      30,
      1,
    );
  });

  it("leaves normalised inputs to the tape", () => {
    const input = tf.input({ shape: [4, 3] });
    const x = tf.layers.dot({ axes: 2, normalize: true }).apply([input, input]) as Tensor;
    expect(() => compile(logitsOf(input, x))).toThrow(UnsupportedLayer);
  });
});
