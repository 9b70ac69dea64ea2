import fc from "fast-check";
import { beforeAll, describe, expect, it } from "vitest";
import { startBackend } from "../../../src/compute/backend.js";
import { tf } from "../../../src/compute/tensorflow.js";
import { Heap, HeapFullError } from "../../../src/compute/wasm/heap.js";
import { expectSame, randomTensor, seeds, sizes } from "../../helpers/compute/compare.js";

describe("Sum on WebAssembly", () => {
  it("agrees with plain JavaScript for every choice of axes", async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(sizes(11), { minLength: 1, maxLength: 4 }),
        fc.subarray([0, 1, 2, 3]),
        fc.boolean(),
        seeds,
        async (shape, axes, keepDims, seed) => {
          const axis = axes.filter((a) => a < shape.length);
          await expectSame(() => tf.sum(randomTensor(shape, seed), axis, keepDims), 1e-4);
        },
      ),
      { numRuns: 100 },
    );
  });

  it("agrees over many rows", async () => {
    for (const columns of [1, 7, 8, 19]) await expectSame(() => tf.sum(randomTensor([1000, columns], 3), 0));
  });
});

describe("Tanh on WebAssembly", () => {
  it("agrees with plain JavaScript, from what rounds to x to what rounds to 1", async () => {
    const x = () => tf.tensor1d([0, 1e-20, -1e-4, 0.3, -0.7, 1.5, -4, 9, -30, Infinity]);
    await expectSame(() => tf.tanh(x()));
    await expectSame(() => tf.tanh(tf.mul(randomTensor([3, 7, 5], 1), 4)));
    await expectSame(() => tf.tanh(tf.zeros([0, 3])));
    await startBackend({ backend: "wasm", threads: 1 });
    expect([...tf.tanh(tf.tensor1d([NaN, 0])).dataSync()]).toEqual([NaN, 0]);
  });
});

describe("Cast on WebAssembly", () => {
  it("shares the values where there is nothing to cast, and else makes others", async () => {
    await startBackend({ backend: "wasm", threads: 1 });
    const x = tf.tensor1d([1.5, -2.5, 0]);
    const buffers = tf.memory().numDataBuffers;
    const same = tf.cast(x, "float32");
    expect(tf.memory().numDataBuffers).toBe(buffers);
    tf.dispose([x, same]);
    await expectSame(() => tf.cast(tf.tensor1d([1.5, -2.5, 0]), "int32"));
    await expectSame(() => tf.cast(tf.tensor1d([1, 0, 2], "int32"), "float32"));
  });
});

describe("Identity on WebAssembly", () => {
  beforeAll(async () => {
    await startBackend({ backend: "wasm", threads: 1 });
  });

  it("shares the values and outlives its source", () => {
    const x = tf.tensor1d([1, 2, 3]);
    const buffers = tf.memory().numDataBuffers;
    const y = tf.clone(x);
    expect(tf.memory().numDataBuffers).toBe(buffers);
    x.dispose();
    expect([...y.dataSync()]).toEqual([1, 2, 3]);
    y.dispose();
  });
});

describe("kernels borrowed from plain JavaScript", () => {
  it("give embeddings their gradient", async () => {
    await expectSame(() => {
      const rows = tf.tensor1d([5, 0, 5], "int32");
      return tf.grad((table: tf.Tensor) => tf.gather(table, rows).square())(randomTensor([6, 3], 3));
    });
  });

  it("take lists of tensors", async () => {
    await expectSame(() => tf.einsum("ij,kj->ik", randomTensor([2, 3], 1), randomTensor([4, 3], 2)));
  });
});

describe("Heap", () => {
  it("throws at 4 GB instead of overwriting address 0, and works on", async () => {
    await startBackend({ backend: "wasm", threads: 1 });
    const heap = await Heap.open();
    const blocks: number[] = [];
    const fill = () => {
      for (let i = 0; i < 20; i++) blocks.push(heap.allocate(2 ** 28));
    };
    expect(fill).toThrow(HeapFullError);
    expect(blocks.length).toBeGreaterThan(12);
    expect(() => tf.zeros([2 ** 26])).toThrow(/Expected room for 256 MB on the WebAssembly heap/);
    for (const block of blocks) heap.free(block);
    expect(
      tf.tidy(
        () =>
          tf
            .ones([2 ** 20])
            .sum()
            .dataSync()[0],
      ),
    ).toBe(2 ** 20);
  });
});
