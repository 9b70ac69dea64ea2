import type { TensorInfo } from "@tensorflow/tfjs";
import { tf } from "../tensorflow.js";
import type { Heap } from "./heap.js";
import { replaceKernel } from "./replace.js";

interface Axes {
  readonly axis: number | number[];
  readonly keepDims: boolean;
}

/** Sum over all axes but the last, a bias's gradient: the shipped kernel transposes the tensor first. */
export function replaceSum(heap: Heap): void {
  replaceKernel<{ x: TensorInfo }, Axes>("Sum", (call, shipped) => {
    const { x } = call.inputs;
    const { axis, keepDims } = call.attrs;
    const last = x.shape.length - 1;
    const axes = tf.util.parseAxisParam(axis, x.shape);
    if (x.dtype !== "float32" || last < 1 || axes.length !== last || axes.includes(last))
      return shipped(call);
    const columns = x.shape[last]!;
    const out = heap.output(keepDims ? x.shape.map((size, i) => (i === last ? size : 1)) : [columns]);
    const rows = tf.util.sizeFromShape(x.shape.slice(0, last));
    heap.kernels.sumRows(heap.address(x), rows, columns, columns, false, heap.address(out));
    return out;
  });
}
