import { dot, type Product } from "./dot.js";
import type { Operation } from "../operation.js";

/** A factor and a bias for every number of a matrix, which are not trained. */
export interface Mask {
  /** The operation they are applied to. */
  readonly input: number;
  /** Numbers of them among the weights. */
  readonly scale: number;
  readonly shift: number | undefined;
  /** Numbers of the matrix. */
  readonly size: number;
  /** Whether they leave matrices of so many rows and columns nothing above the diagonal: softmax makes zeros there. */
  isCausal(side: number): boolean;
}

/**
 * y = softmax(w (A·B) + b), row by row: what attention gives to each position. One operation of three layers, in one place:
 * neither scores nor masked ones are kept, and of causal ones the half is left out.
 */
export function attentionWeights(own: number, product: Product, mask: Mask): Operation {
  const { m, n } = product.sides;
  const isLower = m === n && mask.isCausal(n);
  const scores = dot(own, product, isLower ? "result" : "none");
  const { scale, shift } = mask;
  return {
    inputs: scores.inputs,
    size: m * n,
    weights: shift === undefined ? [scale] : [scale, shift],
    isLower,

    forward(block) {
      const { heap, rows, values, weights } = block;
      scores.forward(block);
      const b = shift === undefined ? 0 : weights[shift]!;
      heap.kernels.maskedSoftmax(values[own]!, weights[scale]!, b, rows, m, n, isLower);
    },

    backward(frame) {
      const { heap, rows, values, gradients, weights } = frame;
      heap.kernels.maskedSoftmaxGradient(values[own]!, gradients[own]!, weights[scale]!, rows, m, n, isLower);
      scores.backward(frame);
    },
  };
}
