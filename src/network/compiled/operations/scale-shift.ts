import { activations, type ActivationName } from "../../../compute/wasm/kernels/activations.js";
import { addsTo, type Operation } from "../operation.js";

/** What a factor and a bias for every number of a sample are made of; both are (columns). */
export interface ScaleShiftShape {
  readonly own: number;
  readonly input: number;
  /** Numbers of the factor and the bias among the weights. */
  readonly scale: number;
  readonly shift: number | undefined;
  /** Rows per sample. */
  readonly positions: number;
  readonly columns: number;
  readonly activation: ActivationName;
  /** Where factor and bias are not trained: whether they leave nothing above a diagonal (`Mask.isCausal`). */
  readonly isCausal: ((side: number) => boolean) | undefined;
}

/** y = f(w x + b), w and b the same on each row of columns: a depthwise convolution of one pixel. */
export function scaleShift(shape: ScaleShiftShape): Operation {
  const { own, input, scale, shift, positions, columns } = shape;
  let kind: number = activations[shape.activation];
  return {
    inputs: [input],
    size: positions * columns,
    weights: shift === undefined ? [scale] : [scale, shift],

    get mask() {
      const { isCausal } = shape;
      if (isCausal === undefined || kind !== activations.linear || positions > 1) return undefined;
      return { input, scale, shift, size: columns, isCausal };
    },

    fuse(next) {
      if (kind !== activations.linear) return false;
      kind = activations[next];
      return true;
    },

    forward({ heap, rows, values, weights }) {
      const [count, y] = [rows * positions, values[own]!];
      const b = shift === undefined ? 0 : weights[shift]!;
      heap.kernels.scaleShift(values[input]!, weights[scale]!, b, count, columns, y);
      if (kind !== activations.linear) heap.kernels.activate(kind, y, count * columns, y);
    },

    backward(frame) {
      const { heap, rows, values, gradients, weights, weightGradients, accumulate } = frame;
      const { kernels } = heap;
      const count = rows * positions;
      const dz = gradients[own]!;
      if (kind !== activations.linear) {
        kernels.activationGradient(kind, values[own]!, dz, count * columns, false, dz);
      }
      const db = shift === undefined ? 0 : weightGradients[shift]!;
      if (db !== 0) kernels.sumRows(dz, count, columns, columns, accumulate, db);
      const dw = weightGradients[scale]!;
      if (dw !== 0) kernels.scaleSums(values[input]!, dz, count, columns, accumulate, dw);
      const dx = gradients[input]!;
      if (dx === 0) return;
      kernels.scaleGradient(dz, weights[scale]!, count, columns, addsTo(frame, input), dx);
    },
  };
}
