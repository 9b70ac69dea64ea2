import type { tf } from "../tensorflow.js";
import type { Heap } from "./heap.js";

/** The fields of a window on the heap, in the order of assembly/window.ts. `channels` are the input's. */
const FIELDS = [
  ...(["inHeight", "inWidth", "channels", "outHeight", "outWidth", "height", "width"] as const),
  ...(["strideHeight", "strideWidth", "dilationHeight", "dilationWidth", "padTop", "padLeft"] as const),
] as const;

/** How a window slides over images: of a convolution or of pooling. */
export type WindowShape = Readonly<Record<(typeof FIELDS)[number], number>>;

/** What TensorFlow.js computes of a convolution's or a pooling's sizes, strides and paddings. */
export type WindowInfo = ReturnType<typeof tf.backend_util.computeConv2DInfo>;

export function windowShape(info: WindowInfo): WindowShape {
  const { inChannels: channels, filterHeight: height, filterWidth: width, padInfo } = info;
  return { ...info, channels, height, width, padTop: padInfo.top, padLeft: padInfo.left };
}

/** Puts a window on the heap; returns its address. The caller frees it. */
export function writeWindow(heap: Heap, window: WindowShape): number {
  const address = heap.allocate(4 * FIELDS.length);
  heap.integers(address, FIELDS.length).set(FIELDS.map((field) => window[field]));
  return address;
}
