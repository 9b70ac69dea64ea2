import fc from "fast-check";
import { beforeAll, describe, expect, it } from "vitest";
import type { ComputeBackend } from "../../../src/compute/backend.js";
import { tf } from "../../../src/compute/tensorflow.js";
import { randomValues, seeds, sizes } from "../../helpers/compute/compare.js";
import {
  classifier,
  compiledOn,
  expectAgreement,
  logitsOf,
  randomChunk,
  wasm,
} from "../../helpers/network/networks.js";

type Tensor = tf.SymbolicTensor;

let backend: ComputeBackend;
beforeAll(async () => {
  backend = await wasm();
});

describe("a depthwise convolution of one pixel", () => {
  it("agrees with the tape as a factor and a bias of every number", async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.tuple(sizes(3), sizes(3), sizes(9)),
        fc.record({
          useBias: fc.boolean(),
          activation: fc.constantFrom<"linear" | "relu" | "sigmoid">("linear", "relu", "sigmoid"),
          padding: fc.constantFrom<"same" | "valid">("same", "valid"),
          trainable: fc.boolean(),
        }),
        fc.constantFrom(1, 5, 70),
        seeds,
        async ([height, width, channels], settings, rows, seed) => {
          const model = classifier(
            [height, width, 2],
            tf.layers.dense({ units: channels }),
            tf.layers.depthwiseConv2d({ kernelSize: 1, ...settings }),
            tf.layers.reLU(),
          );
          await expectAgreement(backend, model, rows, seed, 2e-5);
          model.dispose();
        },
      ),
      { numRuns: 30 },
    );
  });
});

describe("attention", () => {
  interface Case {
    readonly queries: number;
    readonly keys: number;
    readonly bias: "causal" | "some" | "none";
    readonly trainable: boolean;
    /** Something else reads the weights as well. */
    readonly shown: boolean;
  }

  /** softmax(w (Q·Kᵀ) + b) V for queries and keys of three numbers. */
  function model({ queries, keys, bias, trainable, shown }: Case, seed: number): tf.LayersModel {
    const input = tf.input({ shape: [queries, 2] });
    const dense = (length: number) => {
      if (length === queries) return tf.layers.dense({ units: 3 }).apply(input) as Tensor;
      const flat = tf.layers.flatten().apply(input);
      const values = tf.layers.dense({ units: length * 3 }).apply(flat);
      return tf.layers.reshape({ targetShape: [length, 3] }).apply(values) as Tensor;
    };
    const scores = tf.layers.dot({ axes: [2, 2] }).apply([dense(queries), dense(keys)]);
    const size = queries * keys;
    const mask = tf.layers.depthwiseConv2d({ kernelSize: 1, trainable });
    const image = tf.layers.reshape({ targetShape: [1, 1, size] }).apply(scores);
    const masked = tf.layers.reshape({ targetShape: [queries, keys] }).apply(mask.apply(image));
    const noise = randomValues(size, seed);
    const hidden = (i: number) =>
      bias === "causal"
        ? i % keys > Math.floor(i / keys)
        : bias === "some" && i % keys !== 0 && noise[i]! > 0.3;
    mask.setWeights([
      tf.tensor(
        noise.map((value) => 1 + value / 2),
        [1, 1, size, 1],
      ),
      tf.tensor1d(noise.map((value, i) => (hidden(i) ? -1e9 : value))),
    ]);
    const weights = tf.layers.softmax({ axis: -1 }).apply(masked) as Tensor;
    const mixed = tf.layers.dot({ axes: [2, 1] }).apply([weights, dense(keys)]) as Tensor;
    const all = shown ? [mixed, weights] : [mixed];
    const flat = all.map((x) => tf.layers.flatten().apply(x) as Tensor);
    return logitsOf(input, shown ? (tf.layers.concatenate().apply(flat) as Tensor) : flat[0]!);
  }

  it("agrees with the tape for all masks, shapes and uses", async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.record({
          queries: sizes(6),
          keys: sizes(6),
          bias: fc.constantFrom<Case["bias"]>("causal", "some", "none"),
          trainable: fc.boolean(),
          shown: fc.boolean(),
        }),
        fc.boolean(),
        fc.constantFrom(1, 3, 20),
        seeds,
        async (given, square, rows, seed) => {
          const attention = model(square ? { ...given, keys: given.queries } : given, seed);
          await expectAgreement(backend, attention, rows, seed, 2e-5);
          attention.dispose();
        },
      ),
      { numRuns: 40 },
    );
  });

  it("agrees where a causal mask leaves out parts of the products", async () => {
    for (const [side, shown] of [
      [64, false],
      [65, true],
      [130, false],
    ] as const) {
      const given = { queries: side, keys: side, bias: "causal", trainable: false, shown } as const;
      await expectAgreement(backend, model(given, side), 3, side, 2e-5);
    }
  });

  it("computes of a causal mask of several panels what is left alone", () => {
    const flops = (bias: Case["bias"]) => {
      const network = model({ queries: 192, keys: 192, bias, trainable: false, shown: false }, 1);
      const evaluator = compiledOn(network, backend.heap!);
      const chunk = randomChunk(network, 1, 1);
      const before = backend.heap!.productFlops;
      void evaluator.loss(chunk, 1);
      return backend.heap!.productFlops - before;
    };
    // Of three panels of rows one, two and three thirds of the columns, in two products.
    expect(flops("some") - flops("causal")).toBe((2 * (2 * 192 * 192 * 3)) / 3);
  });
});
