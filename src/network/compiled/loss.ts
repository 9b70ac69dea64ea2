import type { Heap } from "../../compute/wasm/heap.js";
import type { OutputGoal } from "../goal/goal.js";
import { UnsupportedLayer } from "./layers/layer-call.js";

/** Where the loss of an output finds its operands for a block of samples: addresses on the heap. */
export interface LossCall {
  readonly rows: number;
  /** (rows, positions, width) */
  readonly values: number;
  readonly targets: number;
  /** (rows) or (rows, positions); 0 where all count 1. */
  readonly weights: number;
  /** Whether there is a weight for every position. */
  readonly weighsPositions: boolean;
  /** Of the gradient by `values`, which is written; 0 where nobody wants it. */
  readonly gradient: number;
}

/** Σ_rows of the mean loss over positions, weighted; the gradient is of `weight` times that. */
export type HeapLoss = (heap: Heap, call: LossCall, weight: number) => number;

/** @throws UnsupportedLayer for a loss that TensorFlow.js alone knows */
export function heapLoss({ loss, positions, width }: OutputGoal): HeapLoss {
  const { ofRow, name } = loss;
  if (ofRow === undefined) throw new UnsupportedLayer(`the loss "${name}" has no kernel of its own.`);
  const kernel = kernels[name];
  const share = 1 / positions;
  return (heap, call, weight) => {
    const { rows, values, targets, weights, weighsPositions, gradient } = call;
    const count = rows * positions;
    if (kernel && weights === 0) {
      return share * heap.kernels[kernel](values, targets, count, width, share * weight, gradient);
    }
    const yWidth = loss.targets === "classes" ? 1 : width;
    const p = heap.floats(values, count * width);
    const y = heap.floats(targets, count * yWidth);
    const w = weights === 0 ? undefined : heap.floats(weights, weighsPositions ? count : rows);
    const g = gradient === 0 ? undefined : heap.floats(gradient, count * width);
    let sum = 0;
    for (let row = 0; row < count; row++) {
      const own = w === undefined ? share : share * w[weighsPositions ? row : Math.floor(row / positions)]!;
      const at = row * width;
      sum += own * ofRow(y, row * yWidth, p, at, width, own * weight, g, at);
    }
    return sum;
  };
}

/** Losses that have a kernel of their own: those that are used most. */
const kernels: Readonly<Record<string, LossKernel>> = {
  softmaxCrossEntropy: "crossEntropy",
  sparseSoftmaxCrossEntropy: "sparseCrossEntropy",
  sigmoidCrossEntropy: "sigmoidCrossEntropy",
  meanSquaredError: "squaredError",
};

type LossKernel = "crossEntropy" | "sparseCrossEntropy" | "sigmoidCrossEntropy" | "squaredError";
