import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { tf } from "../../../src/compute/tensorflow.js";
import { expectClose, expectSame, on, randomTensor, seeds, sizes } from "../../helpers/compute/compare.js";

const transposes = fc.record({ transposeA: fc.boolean(), transposeB: fc.boolean() });

/** Operand shapes for (m, k)·(k, n) with the given batch dimensions. */
function shapes(m: number, n: number, k: number, t: { transposeA: boolean; transposeB: boolean }) {
  return { a: t.transposeA ? [k, m] : [m, k], b: t.transposeB ? [n, k] : [k, n] };
}

describe("BatchMatMul on WebAssembly", () => {
  it("agrees with plain JavaScript for all shapes and transposes", async () => {
    await fc.assert(
      fc.asyncProperty(sizes(40), sizes(40), sizes(70), transposes, seeds, async (m, n, k, t, seed) => {
        const { a, b } = shapes(m, n, k, t);
        await expectSame(() =>
          tf.matMul(randomTensor(a, seed), randomTensor(b, seed + 1), t.transposeA, t.transposeB),
        );
      }),
      { numRuns: 100 },
    );
  });

  it("agrees beyond its blocks: 256 of k, 1024 of n", async () => {
    for (const [m, n, k] of [
      [5, 3, 600],
      [3, 1100, 20],
      [6, 1030, 300],
    ] as const) {
      for (const t of [
        { transposeA: false, transposeB: false },
        { transposeA: true, transposeB: false },
        { transposeA: false, transposeB: true },
        { transposeA: true, transposeB: true },
      ]) {
        const { a, b } = shapes(m, n, k, t);
        await expectSame(() => tf.matMul(randomTensor(a, m), randomTensor(b, n), t.transposeA, t.transposeB));
      }
    }
  });

  it("broadcasts batch dimensions, both ways at once too", async () => {
    const dimension = fc.constantFrom(1, 2, 3);
    await fc.assert(
      fc.asyncProperty(
        dimension,
        dimension,
        fc.boolean(),
        fc.boolean(),
        transposes,
        seeds,
        async (p, q, oneA, oneB, t, seed) => {
          const { a, b } = shapes(4, 5, 3, t);
          const batchA = [p, oneA ? 1 : q];
          const batchB = oneB ? [q] : [1, q];
          const operands = () =>
            [randomTensor([...batchA, ...a], seed), randomTensor([...batchB, ...b], seed + 1)] as const;
          const [product] = await on("wasm", () => tf.matMul(...operands(), t.transposeA, t.transposeB));
          // One product at a time: the plain backend mixes batches up where both operands are broadcast.
          const [reference] = await on("cpu", () => {
            const [x, y] = operands();
            const wide = (z: tf.Tensor, to: number[]) =>
              tf.broadcastTo(z, [...to, ...z.shape.slice(-2)]).reshape([-1, ...z.shape.slice(-2)]);
            return tf.matMul(wide(x, [p, q]), wide(y, [p, q]), t.transposeA, t.transposeB);
          });
          expectClose(product!, reference!);
        },
      ),
      { numRuns: 40 },
    );
  });

  it("takes empty operands", async () => {
    const product = await on("wasm", () => [
      tf.matMul(tf.zeros([0, 3]), tf.ones([3, 2])),
      tf.matMul(tf.ones([2, 0]), tf.ones([0, 3])),
      tf.matMul(tf.zeros([0, 2, 3]), tf.ones([0, 3, 2])),
    ]);
    expect(product.map((values) => [...values])).toEqual([[], [0, 0, 0, 0, 0, 0], []]);
  });

  it("keeps NaN and infinity where they belong", async () => {
    const [product] = await on("wasm", () =>
      tf.matMul(
        tf.tensor2d([
          [NaN, 1],
          [1, Infinity],
          [1, 1],
        ]),
        tf.tensor2d([
          [1, 2],
          [3, 4],
        ]),
      ),
    );
    expect([...product!]).toEqual([NaN, NaN, Infinity, Infinity, 4, 6]);
  });

  it("refuses integers, by name", async () => {
    await on("wasm", () => []);
    expect(() => tf.tidy(() => tf.matMul(tf.ones([2, 2], "int32"), tf.ones([2, 2], "int32")))).toThrow(
      /Expected float32 operands/,
    );
  });
});

describe("_FusedMatMul on WebAssembly", () => {
  it("agrees with plain JavaScript for every activation, with and without bias", async () => {
    const activation = fc.constantFrom("linear", "relu", "relu6", "elu", "sigmoid", "leakyrelu", "prelu");
    await fc.assert(
      fc.asyncProperty(
        sizes(9),
        sizes(20),
        sizes(12),
        transposes,
        activation,
        fc.boolean(),
        seeds,
        async (m, n, k, t, name, biased, seed) => {
          const { a, b } = shapes(m, n, k, t);
          await expectSame(() =>
            tf.fused.matMul({
              a: randomTensor(a, seed),
              b: randomTensor(b, seed + 1),
              ...t,
              ...(biased ? { bias: randomTensor([n], seed + 2) } : {}),
              activation: name,
              ...(name === "prelu" ? { preluActivationWeights: randomTensor([n], seed + 3) } : {}),
              leakyreluAlpha: 0.3,
            }),
          );
        },
      ),
      { numRuns: 100 },
    );
  });
});

describe("gradients of a dense layer on WebAssembly", () => {
  it("agree with plain JavaScript", async () => {
    await expectSame(() => {
      const x = randomTensor([50, 30], 1);
      const w = randomTensor([30, 7], 2);
      const b = randomTensor([7], 3);
      const loss = (x: tf.Tensor, w: tf.Tensor, b: tf.Tensor) =>
        tf.matMul(x, w).add(b).relu().square().mean();
      return tf.grads((...args: tf.Tensor[]) => loss(args[0]!, args[1]!, args[2]!))([x, w, b]);
    });
  });
});
