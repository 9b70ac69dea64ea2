import { addsTo, type Operation, type Padding } from "../operation.js";

/** Zeros around images (height, width, channels). */
export function pad(
  own: number,
  input: number,
  [height, width, channels]: readonly [number, number, number],
  padding: Padding,
): Operation {
  const { top, left, bottom, right } = padding;
  const outWidth = left + width + right;
  const outHeight = top + height + bottom;
  const size = outHeight * outWidth * channels;
  /** Where row `y` of image `i` starts: in the input, and in the result behind its left padding. */
  const inside = (i: number, y: number) => (i * height + y) * width * channels;
  const outside = (i: number, y: number) => i * size + ((top + y) * outWidth + left) * channels;
  return {
    inputs: [input],
    size,
    weights: [],
    padding: { ...padding, height: outHeight, width: outWidth },

    forward({ heap, rows, values }) {
      const [x, out] = [values[input]!, values[own]!];
      heap.kernels.zero(rows * size, out);
      for (let i = 0; i < rows; i++) {
        for (let y = 0; y < height; y++) {
          heap.kernels.copy(x + 4 * inside(i, y), width * channels, out + 4 * outside(i, y));
        }
      }
    },

    backward(frame) {
      const { heap, rows, gradients } = frame;
      const [dy, dx] = [gradients[own]!, gradients[input]!];
      if (dx === 0) return;
      const adds = addsTo(frame, input);
      for (let i = 0; i < rows; i++) {
        for (let y = 0; y < height; y++) {
          const [source, target] = [dy + 4 * outside(i, y), dx + 4 * inside(i, y)];
          if (adds) heap.kernels.addTo(source, width * channels, target);
          else heap.kernels.copy(source, width * channels, target);
        }
      }
    },
  };
}
