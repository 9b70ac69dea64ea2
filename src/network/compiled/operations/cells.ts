import type { Heap } from "../../../compute/wasm/heap.js";

/**
 * One time step of a recurrent layer for all samples of a block: addresses on the heap. What belongs to a step begins
 * `gateStride` floats from sample to sample in gates, and `stride` in states, for the steps of a sample follow each other.
 */
export interface Step {
  readonly heap: Heap;
  readonly rows: number;
  readonly units: number;
  /** The recurrent kernel (units, gates · units). */
  readonly kernel: number;
  /** At first the input's part, with the bias; (rows, gates · units). */
  readonly gates: number;
  readonly gateStride: number;
  /** The state of this step and of the one before, 0 at the first step: (rows, units). */
  readonly h: number;
  readonly hBefore: number;
  /** What else the cell keeps of this step, one matrix (rows, units) for each. */
  readonly kept: readonly number[];
  /** The first of these of the step before, 0 at the first step. */
  readonly keptBefore: number;
  readonly stride: number;
}

/** One time step on the way back. */
export interface BackwardStep extends Step {
  /** (rows, units) without gaps: the gradient by this step's state, which becomes that by the state before. */
  readonly dh: number;
  /** (rows, units) without gaps, and zero before the last step: the cell's own from step to step. */
  readonly carry: number;
}

/** What makes a recurrent layer: its gates and what a step does with them. */
export interface Cell {
  /** Gates per unit. */
  readonly gates: number;
  /** Numbers per unit that are kept of a step besides its gates and its state. */
  readonly keeps: number;
  /** The gates from this on see what is kept first, not the state before. */
  readonly direct: number;
  /** h, and what else is kept, from the gates' input part and the state before. */
  forward(step: Step): void;
  /** gates ← the gradients by what they were before their activation; dh ← the gradient by hBefore. */
  backward(step: BackwardStep): void;
}

/** h = f(z), z = x W + b + hBefore U */
export function simpleCell(kind: number): Cell {
  return {
    gates: 1,
    keeps: 0,
    direct: 1,
    forward(step) {
      addProduct(step, step.hBefore, 0, 1, 1);
      const { heap, rows, units, gates, h, stride } = step;
      heap.kernels.copyRows(gates, rows, units, stride, h, stride);
      heap.kernels.biasActivation(kind, h, 0, rows, units, stride);
    },
    backward(step) {
      const { heap, rows, units, gates, h, stride, dh } = step;
      heap.kernels.recurrentGradient(kind, rows, units, gates, h, stride, dh);
      productBack(step, 0, 1, 1, dh, false);
    },
  };
}

/** c = f cBefore + i g, h = o · kind(c), where i, f, g, o are activations of x W + b + hBefore U; keeps c and kind(c). */
export function lstmCell(kind: number, gateKind: number): Cell {
  return {
    gates: 4,
    keeps: 2,
    direct: 4,
    forward(step) {
      addProduct(step, step.hBefore, 0, 4, 4);
      const { heap, rows, units, gates, gateStride, keptBefore, h, stride } = step;
      const { kernels } = heap;
      const [c, y] = step.kept as [number, number];
      const output = gates + 4 * 3 * units;
      kernels.biasActivation(gateKind, gates, 0, rows, 2 * units, gateStride);
      kernels.biasActivation(kind, gates + 4 * 2 * units, 0, rows, units, gateStride);
      kernels.biasActivation(gateKind, output, 0, rows, units, gateStride);
      kernels.lstmState(rows, units, gates, gateStride, keptBefore, c, y, stride);
      kernels.biasActivation(kind, y, 0, rows, units, stride);
      kernels.multiplyRows(output, gateStride, y, rows, units, h, stride);
    },
    backward(step) {
      const { heap, rows, units, gates, gateStride, keptBefore: before, kept, stride, dh, carry } = step;
      const y = kept[1]!;
      heap.kernels.lstmGradient(kind, gateKind, rows, units, gates, gateStride, before, y, stride, dh, carry);
      productBack(step, 0, 4, 4, dh, false);
    },
  };
}

/**
 * h = z hBefore + (1 − z) g, where z and r are activations of x W + b + hBefore U, and g of x W + b + (r hBefore) U;
 * keeps r hBefore.
 */
export function gruCell(kind: number, gateKind: number): Cell {
  return {
    gates: 3,
    keeps: 1,
    direct: 2,
    forward(step) {
      addProduct(step, step.hBefore, 0, 2, 3);
      const { heap, rows, units, gates, gateStride, hBefore, h, stride } = step;
      const { kernels } = heap;
      const reset = step.kept[0]!;
      kernels.biasActivation(gateKind, gates, 0, rows, 2 * units, gateStride);
      kernels.multiplyRows(gates + 4 * units, gateStride, hBefore, rows, units, reset, stride);
      if (hBefore !== 0) addProduct(step, reset, 2, 3, 3);
      kernels.biasActivation(kind, gates + 4 * 2 * units, 0, rows, units, gateStride);
      kernels.gruState(rows, units, gates, gateStride, hBefore, h, stride);
    },
    backward(step) {
      const { heap, rows, units, gates, gateStride, hBefore, stride, dh, carry } = step;
      heap.kernels.gruStateGradient(kind, gateKind, rows, units, gates, gateStride, hBefore, stride, dh);
      productBack(step, 2, 3, 3, carry, false);
      heap.kernels.gruGatesGradient(gateKind, rows, units, gates, gateStride, hBefore, stride, carry, dh);
      productBack(step, 0, 2, 3, dh, true);
    },
  };
}

/** gates from … to ← themselves + state · U; nothing where the state is zero. */
function addProduct(step: Step, state: number, from: number, to: number, all: number): void {
  const { heap, rows, units, kernel, gates, gateStride, stride } = step;
  if (state === 0) return;
  heap.multiply(
    { m: rows, n: (to - from) * units, k: units },
    { at: state, stride },
    { at: kernel + 4 * from * units, stride: all * units },
    { at: gates + 4 * from * units, stride: gateStride },
    true,
  );
}

/** out (rows, units) ← the gradients of gates from … to times Uᵀ, + out where `add`. */
function productBack(step: Step, from: number, to: number, all: number, out: number, add: boolean): void {
  const { heap, rows, units, kernel, gates, gateStride } = step;
  heap.multiply(
    { m: rows, n: units, k: (to - from) * units },
    { at: gates + 4 * from * units, stride: gateStride },
    { at: kernel + 4 * from * units, stride: all * units, transposed: true },
    { at: out, stride: units },
    add,
  );
}
