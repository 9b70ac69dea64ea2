import { sizeOf } from "../../../data/dataset.js";
import { UnsupportedLayer, type LayerCall } from "../layers/layer-call.js";
import { addsTo, type Operation } from "../operation.js";

/** The builder of Rescaling. */
export function rescaling(call: LayerCall): number {
  const { scale: factor, offset } = call.config;
  if (typeof factor !== "number" || typeof offset !== "number") {
    throw new UnsupportedLayer(`"${call.layer.name}" scales by more than one number.`);
  }
  const { operation, shape } = call.inputs[0]!;
  return call.add((own) => scale(own, operation, sizeOf(shape), factor, offset));
}

/** y = factor · x + offset */
function scale(own: number, input: number, size: number, factor: number, offset: number): Operation {
  return {
    inputs: [input],
    size,
    weights: [],

    forward({ heap, rows, values }) {
      heap.kernels.scale(factor, offset, values[input]!, rows * size, false, values[own]!);
    },

    backward(frame) {
      const { heap, rows, gradients } = frame;
      const dx = gradients[input]!;
      if (dx === 0) return;
      heap.kernels.scale(factor, 0, gradients[own]!, rows * size, addsTo(frame, input), dx);
    },
  };
}
