import { sizeOf } from "../../../data/dataset.js";
import type { Heap } from "../../../compute/wasm/heap.js";
import { sourcePlaces } from "../../../compute/wasm/places.js";
import type { LayerCall } from "../layers/layer-call.js";
import { addsTo, type Operation } from "../operation.js";

/** Which runs of floats of a sample make another. */
export interface Selection {
  /** Floats of a sample it is made of. */
  readonly inputSize: number;
  /** Where the runs begin, in runs. */
  readonly places: Int32Array;
  /** Floats of a run. */
  readonly run: number;
}

/** y = runs of x in another order, some left out, some repeated. */
export function select(heap: Heap, own: number, input: number, selection: Selection): Operation {
  const { inputSize, places, run } = selection;
  const count = places.length;
  const table = heap.allocate(4 * count);
  heap.integers(table, count).set(places);
  return {
    inputs: [input],
    size: count * run,
    weights: [],
    dispose: () => {
      heap.free(table);
    },

    forward({ rows, values }) {
      heap.kernels.selectRuns(values[input]!, inputSize, table, count, run, rows, values[own]!);
    },

    backward(frame) {
      const { rows, gradients } = frame;
      const dx = gradients[input]!;
      if (dx === 0) return;
      if (!addsTo(frame, input)) heap.kernels.zero(rows * inputSize, dx);
      heap.kernels.addSelectedRuns(gradients[own]!, inputSize, table, count, run, rows, dx);
    },
  };
}

/** As `sourcePlaces` has it: a sample of shape `source` with its axes in another order, or repeated along some. */
export function rearrangement(
  shape: readonly number[],
  source: readonly number[],
  axes: readonly number[],
): Selection {
  let same = 0; // axes at the end that stay what they are
  while (same < shape.length && isSame(shape.length - 1 - same)) same++;
  const varying = shape.length - same;
  return {
    inputSize: sizeOf(source),
    places: sourcePlaces(shape.slice(0, varying), source.slice(0, varying), axes.slice(0, varying)),
    run: sizeOf(shape.slice(varying)),
  };

  function isSame(axis: number): boolean {
    return axes[axis] === axis && shape[axis] === source[axis];
  }
}

/** The operation of `input`, its values repeated along axes of size 1 to make `shape`; missing axes are the first. */
export function broadcast(
  call: LayerCall,
  { operation, shape }: LayerCall["inputs"][number],
  to: readonly number[],
): number {
  if (sizeOf(shape) === sizeOf(to)) return operation;
  const source = [...Array.from({ length: to.length - shape.length }, () => 1), ...shape];
  const selection = rearrangement(to, source, [...to.keys()]);
  return call.add((own) => select(call.heap, own, operation, selection));
}
