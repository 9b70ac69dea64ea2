import type { TensorInfo } from "@tensorflow/tfjs";
import { tf } from "../tensorflow.js";
import type { Heap } from "./heap.js";
import { sourcePlaces } from "./places.js";
import { replaceKernel } from "./replace.js";

/** ReLU with slopes of its own: the shipped kernel mistakes slopes that are shared along an inner axis. */
export function replacePrelu(heap: Heap): void {
  replaceKernel<{ x: TensorInfo; alpha: TensorInfo }, object>("Prelu", ({ inputs: { x, alpha } }) => {
    const out = heap.output(x.shape);
    const own = [...x.shape.slice(0, x.shape.length - alpha.shape.length).fill(1), ...alpha.shape];
    const places = sourcePlaces(x.shape, own, [...x.shape.keys()]);
    const spread = heap.allocate(4 * places.length);
    const slopes = heap.floats(heap.address(alpha), tf.util.sizeFromShape(alpha.shape));
    heap.floats(spread, places.length).set(Float32Array.from(places, (place) => slopes[place]!));
    heap.kernels.prelu(heap.address(x), spread, 1, places.length, heap.address(out));
    heap.free(spread);
    return out;
  });
}
