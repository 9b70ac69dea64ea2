import type { Heap } from "../../../compute/wasm/heap.js";
import { addsTo, type Operation } from "../operation.js";

/**
 * y = x where x > 0, else a · x, with slopes a that are trained.
 * @param slopes number of a among the weights
 * @param places for each float of a sample the place of its slope in a: some share one
 */
export function prelu(heap: Heap, own: number, input: number, slopes: number, places: Int32Array): Operation {
  const size = places.length;
  const memory = heap.allocate(4 * size * 2);
  /** A slope for each float of a sample, and the gradient by it. */
  const [spread, spreadGradient] = [memory, memory + 4 * size];
  const count = 1 + places.reduce((a, b) => Math.max(a, b), 0);
  return {
    inputs: [input],
    size,
    weights: [slopes],
    dispose: () => {
      heap.free(memory);
    },

    forward({ rows, values, weights }) {
      const [from, to] = [heap.floats(weights[slopes]!, count), heap.floats(spread, size)];
      for (let i = 0; i < size; i++) to[i] = from[places[i]!]!;
      heap.kernels.prelu(values[input]!, spread, rows, size, values[own]!);
    },

    backward(frame) {
      const { rows, values, gradients, weightGradients, accumulate } = frame;
      const [x, dy, dx] = [values[input]!, gradients[own]!, gradients[input]!];
      const da = weightGradients[slopes]!;
      if (da !== 0) {
        heap.kernels.preluSlopeGradient(x, dy, rows, size, spreadGradient);
        const parts = heap.floats(spreadGradient, size);
        const sums = new Float64Array(count);
        for (let i = 0; i < size; i++) sums[places[i]!]! += parts[i]!;
        const out = heap.floats(da, count);
        for (let i = 0; i < count; i++) out[i] = accumulate ? out[i]! + sums[i]! : sums[i]!;
      }
      if (dx !== 0) heap.kernels.preluGradient(x, spread, dy, rows, size, addsTo(frame, input), dx);
    },
  };
}
