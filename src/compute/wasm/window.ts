import type { Heap } from "./heap.js";

/** How a window slides over images: of a convolution or of pooling. `channels` are the input's. */
export interface WindowShape {
  readonly inHeight: number;
  readonly inWidth: number;
  readonly channels: number;
  readonly outHeight: number;
  readonly outWidth: number;
  readonly height: number;
  readonly width: number;
  readonly strideHeight: number;
  readonly strideWidth: number;
  readonly dilationHeight: number;
  readonly dilationWidth: number;
  readonly padTop: number;
  readonly padLeft: number;
}

/** What tfjs's computeConv2DInfo and computePool2DInfo have in common. */
export interface WindowInfo {
  readonly inHeight: number;
  readonly inWidth: number;
  readonly inChannels: number;
  readonly outHeight: number;
  readonly outWidth: number;
  readonly filterHeight: number;
  readonly filterWidth: number;
  readonly strideHeight: number;
  readonly strideWidth: number;
  readonly dilationHeight: number;
  readonly dilationWidth: number;
  readonly padInfo: { readonly top: number; readonly left: number };
}

export function windowShape(info: WindowInfo): WindowShape {
  const { inHeight, inWidth, outHeight, outWidth, strideHeight, strideWidth, dilationHeight, dilationWidth } =
    info;
  return {
    inHeight,
    inWidth,
    channels: info.inChannels,
    outHeight,
    outWidth,
    height: info.filterHeight,
    width: info.filterWidth,
    strideHeight,
    strideWidth,
    dilationHeight,
    dilationWidth,
    padTop: info.padInfo.top,
    padLeft: info.padInfo.left,
  };
}

/** Puts a window on the heap, in the order of assembly/window.ts; returns its address. The caller frees it. */
export function writeWindow(heap: Heap, w: WindowShape): number {
  const fields = [
    ...[w.inHeight, w.inWidth, w.channels, w.outHeight, w.outWidth, w.height, w.width],
    ...[w.strideHeight, w.strideWidth, w.dilationHeight, w.dilationWidth, w.padTop, w.padLeft],
  ];
  const address = heap.allocate(4 * fields.length);
  heap.integers(address, fields.length).set(fields);
  return address;
}
