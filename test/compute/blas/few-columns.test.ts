import { describe, expect, it } from "vitest";
import type { Heap } from "../../../src/compute/wasm/heap.js";
import { expectClose, randomValues } from "../../helpers/compute/compare.js";
import { available, heapWith } from "../../helpers/compute/available.js";
import { multiply, type Case } from "../../helpers/compute/product.js";

const plain: Case = {
  m: 70,
  n: 8,
  k: 784,
  transposeA: false,
  transposeB: false,
  add: false,
  slack: 0,
  seed: 1,
};

/** A·B for `count` of B's columns from `from` on, into the same columns of C: what a slice of a layer computes. */
function slice(
  heap: Heap,
  { m, n, k, transposeA, add, seed }: Case,
  from: number,
  count: number,
): Float32Array {
  const [a, b, c] = [m * k, k * n, m * n].map((size) => heap.allocate(4 * size)) as [number, number, number];
  heap.floats(a, m * k).set(randomValues(m * k, seed));
  heap.floats(b, k * n).set(randomValues(k * n, seed + 1));
  heap.floats(c, m * n).fill(7);
  heap.multiply(
    { m, n: count, k },
    { at: a, stride: transposeA ? m : k, transposed: transposeA },
    { at: b + 4 * from, stride: n },
    { at: c + 4 * from, stride: n },
    add,
  );
  const result = heap.floats(c, m * n).slice();
  for (const address of [a, b, c]) heap.free(address);
  return result;
}

describe.each(available)("products of few columns by %s", (file) => {
  it.each([1, 2, 3, 4, 5, 8, 11, 12, 13, 16, 17, 32])(
    "are right for %i of them, forward and for the weights, beyond all blocks",
    async (n) => {
      const heap = await heapWith(file);
      for (const [m, k] of [
        [70, 784],
        [33, 1300], // more terms than the kernels hold at once
        [397, 259],
      ] as const) {
        for (const transposeA of [false, true]) {
          for (const { add, slack } of [
            { add: false, slack: 0 },
            { add: false, slack: 5 },
            { add: true, slack: 0 },
          ]) {
            const { result, expected } = multiply(heap, { ...plain, m, n, k, transposeA, add, slack });
            expectClose(result, expected, 1e-4);
          }
        }
      }
    },
  );

  it("write their own columns only, with the same bits each time", async () => {
    const heap = await heapWith(file);
    const shape = { ...plain, n: 32 };
    for (const transposeA of [false, true]) {
      for (const add of [false, true]) {
        for (const [from, count] of [
          [0, 16],
          [8, 8],
          [28, 4],
          [5, 1],
        ] as const) {
          const first = slice(heap, { ...shape, transposeA, add }, from, count);
          const others = first.filter((_, i) => i % 32 < from || i % 32 >= from + count);
          expect(new Set(others)).toEqual(new Set([7]));
          expect(slice(heap, { ...shape, transposeA, add }, from, count)).toEqual(first);
        }
      }
    }
  });

  it("come in more sizes than are kept ready", async () => {
    const heap = await heapWith(file);
    for (const seed of [1, 2]) {
      for (let m = 32; m < 110; m++) {
        const { result, expected } = multiply(heap, { ...plain, m, k: 64, seed });
        expectClose(result, expected);
      }
    }
  });
});

describe("the own product", () => {
  it("gives a column the same bits alone as among others, whichever way it takes", async () => {
    const heap = await heapWith("none");
    for (const transposeA of [false, true]) {
      for (const add of [false, true]) {
        const shape = { ...plain, n: 32, k: 700, transposeA, add };
        const whole = slice(heap, shape, 0, 32);
        for (const count of [1, 3, 4, 6, 8, 12, 16]) {
          const part = slice(heap, shape, 9, count);
          const own = (x: Float32Array) => x.filter((_, i) => i % 32 >= 9 && i % 32 < 9 + count);
          expect(own(part)).toEqual(own(whole));
        }
      }
    }
  });
});
