import type { Heap } from "../../../compute/wasm/heap.js";
import { thresholdOf } from "../../noise.js";
import { addsTo, type Frame, type Operation } from "../operation.js";

interface DropoutShape {
  readonly own: number;
  readonly input: number;
  /** Units are dropped at all positions at once: 1 where each entry is a unit. */
  readonly positions: number;
  readonly units: number;
  readonly rate: number;
  /** Its number among the random layers. */
  readonly layer: number;
}

/** y = x/(1 − rate) for units that are kept, else 0; y = x for inference */
export function dropout(heap: Heap, { own, input, positions, units, rate, layer }: DropoutShape): Operation {
  const size = positions * units;
  const [threshold, scale] = [thresholdOf(rate), rate < 1 ? 1 / (1 - rate) : 0];
  return {
    inputs: [input],
    size,
    weights: [],
    isRandom: true,

    forward({ rows, values, inference, samples, noise }) {
      const { kernels } = heap;
      if (inference) kernels.copy(values[input]!, rows * size, values[own]!);
      else
        kernels.dropUnits(values[input]!, samples, rows, positions, units, noise.key(layer), threshold, scale, false, values[own]!); // prettier-ignore
    },

    backward(frame: Frame) {
      const { rows, gradients, samples, noise } = frame;
      const dx = gradients[input]!;
      if (dx === 0) return;
      const adds = addsTo(frame, input);
      heap.kernels.dropUnits(gradients[own]!, samples, rows, positions, units, noise.key(layer), threshold, scale, adds, dx); // prettier-ignore
    },
  };
}
