import { tf } from "../tensorflow.js";
import type { Heap } from "./heap.js";
import { windowShape, writeWindow, type WindowInfo } from "./window.js";

export type Shape4D = [number, number, number, number];

/** The attributes of TensorFlow.js's convolution kernels. */
export interface ConvAttributes {
  readonly strides: number | [number, number];
  readonly pad: "valid" | "same" | number;
  readonly dataFormat?: "NHWC" | "NCHW";
  readonly dilations?: number | [number, number];
  readonly dimRoundingMode?: "floor" | "round" | "ceil";
}

/** The sizes, strides and paddings of a convolution of images with their channels last. */
export function convInfo(
  x: readonly number[],
  filter: readonly number[],
  attrs: ConvAttributes,
  depthwise: boolean,
) {
  const { strides, pad, dataFormat, dilations, dimRoundingMode } = attrs;
  if (dataFormat === "NCHW") throw new Error("Expected images with their channels last (NHWC), got NCHW.");
  return tf.backend_util.computeConv2DInfo(
    x as Shape4D,
    filter as Shape4D,
    strides,
    dilations ?? 1,
    pad,
    dimRoundingMode,
    depthwise,
  );
}

/** Lends a window on the heap. */
export function withWindow(heap: Heap, info: WindowInfo, use: (window: number) => void): void {
  const window = writeWindow(heap, windowShape(info));
  try {
    use(window);
  } finally {
    heap.free(window);
  }
}
