import { activations } from "../../../compute/wasm/kernels/activations.js";
import type { Heap } from "../../../compute/wasm/heap.js";
import type { Cell, Step } from "./cells.js";
import { addsTo, type Block, type Operation } from "../operation.js";

/** What a recurrent layer is made of. */
export interface RecurrenceShape {
  readonly own: number;
  readonly input: number;
  /** Numbers of W (inputs, gates · units), U (units, gates · units) and b (gates · units) among the weights. */
  readonly kernel: number;
  readonly recurrent: number;
  readonly bias: number | undefined;
  readonly steps: number;
  readonly inputs: number;
  readonly units: number;
  /** Whether all states are its result, or the last alone. */
  readonly sequences: boolean;
}

/**
 * A state that goes from step to step: (rows, steps, inputs) → (rows, steps, units), or its last (rows, units). The
 * input's part of all steps is one product, and so are the weights' gradients; a step has one product for all samples of
 * the block (two in a GRU).
 */
export function recurrence(shape: RecurrenceShape, cell: Cell): Operation {
  const { own, input, kernel, recurrent, bias, steps, inputs, units, sequences } = shape;
  const width = cell.gates * units;
  const stride = steps * units;

  /** Where what is kept for a block lies; states are the result, where all of them are. */
  const placesOf = ({ rows, values, memory }: Block) => {
    const gates = memory[own]!;
    const kept = gates + 4 * rows * steps * width;
    const dh = kept + 4 * rows * cell.keeps * stride;
    const carry = dh + 4 * rows * units;
    return { gates, kept, dh, carry, states: sequences ? values[own]! : carry + 4 * rows * units };
  };

  const stepAt = (block: Block, places: ReturnType<typeof placesOf>, t: number): Step => ({
    heap: block.heap,
    rows: block.rows,
    units,
    kernel: block.weights[recurrent]!,
    gates: places.gates + 4 * t * width,
    gateStride: steps * width,
    h: places.states + 4 * t * units,
    hBefore: t === 0 ? 0 : places.states + 4 * (t - 1) * units,
    kept: Array.from(
      { length: cell.keeps },
      (_, i) => places.kept + 4 * (i * block.rows * stride + t * units),
    ),
    keptBefore: t === 0 ? 0 : places.kept + 4 * (t - 1) * units,
    stride,
  });

  /** out ← Σ over samples and steps of the state that gates `from` to `to` saw, times their gradients. */
  const recurrentGradient = (
    heap: Heap,
    count: number,
    state: number,
    gates: number,
    [from, to]: readonly [number, number],
    out: number,
    add: boolean,
  ) => {
    heap.multiply(
      { m: units, n: (to - from) * units, k: count },
      { at: state, stride: units, transposed: true },
      { at: gates + 4 * from * units, stride: width },
      { at: out + 4 * from * units, stride: width },
      add,
    );
  };

  return {
    inputs: [input],
    size: sequences ? stride : units,
    memory: steps * width + cell.keeps * stride + 2 * units + (sequences ? 0 : stride),
    positions: 1, // of each step
    weights: bias === undefined ? [kernel, recurrent] : [kernel, recurrent, bias],

    forward(block) {
      const { heap, rows, values, weights } = block;
      const places = placesOf(block);
      const count = rows * steps;
      heap.multiply(
        { m: count, n: width, k: inputs },
        { at: values[input]!, stride: inputs },
        { at: weights[kernel]!, stride: width },
        { at: places.gates, stride: width },
        false,
      );
      if (bias !== undefined) {
        heap.kernels.biasActivation(activations.linear, places.gates, weights[bias]!, count, width, width);
      }
      for (let t = 0; t < steps; t++) cell.forward(stepAt(block, places, t));
      if (sequences) return;
      heap.kernels.copyRows(places.states + 4 * (stride - units), rows, units, stride, values[own]!, units);
    },

    backward(frame) {
      const { heap, rows, values, gradients, weights, weightGradients, accumulate } = frame;
      const { kernels } = heap;
      const places = placesOf(frame);
      const { gates, kept, dh, carry, states } = places;
      const dy = gradients[own]!;
      const count = rows * steps;
      kernels.zero(rows * units, carry);
      if (!sequences) kernels.copy(dy, rows * units, dh);
      else kernels.copyRows(dy + 4 * (stride - units), rows, units, stride, dh, units);
      for (let t = steps - 1; t >= 0; t--) {
        cell.backward({ ...stepAt(frame, places, t), dh, carry });
        if (sequences && t > 0) kernels.addRows(dy + 4 * (t - 1) * units, rows, units, stride, dh, units);
      }

      const db = bias === undefined ? 0 : weightGradients[bias]!;
      if (db !== 0) kernels.sumRows(gates, count, width, width, accumulate, db);
      const dW = weightGradients[kernel]!;
      if (dW !== 0) {
        heap.multiply(
          { m: inputs, n: width, k: count },
          { at: values[input]!, stride: inputs, transposed: true },
          { at: gates, stride: width },
          { at: dW, stride: width },
          accumulate,
        );
      }
      const dx = gradients[input]!;
      if (dx !== 0) {
        heap.multiply(
          { m: count, n: inputs, k: width },
          { at: gates, stride: width },
          { at: weights[kernel]!, stride: width, transposed: true },
          { at: dx, stride: inputs },
          addsTo(frame, input),
        );
      }
      const dU = weightGradients[recurrent]!;
      if (dU === 0) return;
      const { direct } = cell;
      if (direct < cell.gates) {
        recurrentGradient(heap, count, kept, gates, [direct, cell.gates], dU, accumulate);
      }
      // Row i of the states meets row i + 1 of the gates: the next step, or the first of the next sample, which has none
      // before it.
      for (let i = 0; i < rows; i++) kernels.zero(width, gates + 4 * i * steps * width);
      recurrentGradient(heap, count - 1, states, gates + 4 * width, [0, direct], dU, accumulate);
    },
  };
}
