import fc from "fast-check";
import { beforeAll, expect, it } from "vitest";
import type { Heap } from "../../../src/compute/wasm/heap.js";
import { sigmoidCrossEntropy } from "../../../src/network/losses/classification.js";
import { meanSquaredError } from "../../../src/network/losses/regression.js";
import { expectClose, randomValues, seeds, sizes } from "../../helpers/compute/compare.js";
import { wasm } from "../../helpers/network/networks.js";

let heap: Heap;
beforeAll(async () => {
  heap = (await wasm()).heap!;
});

it.each([
  ["squaredError", meanSquaredError],
  ["sigmoidCrossEntropy", sigmoidCrossEntropy],
] as const)("%s is the loss in plain loops, and its gradient", (kernel, { ofRow }) => {
  fc.assert(
    fc.property(
      sizes(5),
      fc.oneof(sizes(9), fc.constantFrom(511, 512, 513, 1030)),
      fc.constantFrom(1, 100),
      seeds,
      (rows, width, size, seed) => {
        const n = rows * width;
        const [z, y] = [
          randomValues(n, seed).map((value) => value * size),
          randomValues(n, seed + 1).map(Math.abs),
        ];
        const memory = heap.allocate(4 * (3 * n + 1));
        heap.floats(memory, n).set(z);
        heap.floats(memory + 4 * n, n).set(y);
        heap.floats(memory + 8 * n, n + 1).fill(7);
        const weight = Math.fround(0.3);
        const sum = heap.kernels[kernel](memory, memory + 4 * n, rows, width, weight, memory + 8 * n);
        expect(heap.kernels[kernel](memory, memory + 4 * n, rows, width, weight, 0)).toBe(sum);
        const gradient = new Float32Array(n);
        let wanted = 0;
        for (let row = 0; row < rows; row++)
          wanted += ofRow(y, row * width, z, row * width, width, weight, gradient, row * width);
        expectClose([sum], [wanted], 1e-6);
        const found = heap.floats(memory + 8 * n, n + 1).slice();
        heap.free(memory);
        expectClose(found.subarray(0, n), gradient, 1e-6);
        expect(found[n]).toBe(7); // nothing is written behind
      },
    ),
  );
});
