import type { Heap } from "../../../compute/wasm/heap.js";
import { linear, type LinearShape } from "./linear.js";
import type { Operation } from "../operation.js";

/** y = f(xW + b): (rows, inputs)·(inputs, units) → (rows, units), with `positions` rows a sample */
export function dense(heap: Heap, inputs: number, shape: LinearShape): Operation {
  const { positions, units } = shape;
  return linear(shape, {
    separable: true,

    forward(x, W, samples, { from, to }, y) {
      heap.multiply(
        { m: samples * positions, n: to - from, k: inputs },
        { at: x, stride: inputs },
        { at: W + 4 * from, stride: units },
        { at: y + 4 * from, stride: units },
        false,
      );
    },

    weightGradient(x, dy, samples, { from, to }, accumulate, dW) {
      heap.multiply(
        { m: inputs, n: to - from, k: samples * positions },
        { at: x, stride: inputs, transposed: true },
        { at: dy + 4 * from, stride: units },
        { at: dW + 4 * from, stride: units },
        accumulate,
      );
    },

    inputGradient(W, dy, samples, accumulate, dx) {
      heap.multiply(
        { m: samples * positions, n: inputs, k: units },
        { at: dy, stride: units },
        { at: W, stride: units, transposed: true },
        { at: dx, stride: inputs },
        accumulate,
      );
    },
  });
}
