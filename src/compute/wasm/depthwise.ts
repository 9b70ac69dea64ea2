import type { TensorInfo } from "@tensorflow/tfjs";
import { tf } from "../tensorflow.js";
import { convInfo, withWindow, type ConvAttributes, type Shape4D } from "./conv-info.js";
import { finishFused, type FusedAttributes, type FusedInputs } from "./fused.js";
import type { Heap } from "./heap.js";
import { replaceKernel } from "./replace.js";

/** Depthwise convolutions: the backend ships no gradients of them. */
export function replaceDepthwiseConvolutions(heap: Heap): void {
  const depthwise = (
    { x, filter }: { x: TensorInfo; filter: TensorInfo },
    attrs: ConvAttributes,
  ): TensorInfo => {
    const info = convInfo(x.shape, filter.shape, attrs, true);
    const y = heap.output(info.outShape);
    withWindow(heap, info, (window) => {
      const [source, w, target] = [heap.address(x), heap.address(filter), heap.address(y)];
      heap.kernels.depthwise(window, source, w, filter.shape[3]!, info.batchSize, target);
    });
    return y;
  };

  // The shipped one is wrong where the strides of height and width differ.
  replaceKernel<{ x: TensorInfo; filter: TensorInfo }, ConvAttributes>(
    "DepthwiseConv2dNative",
    ({ inputs, attrs }) => depthwise(inputs, attrs),
  );

  replaceKernel<{ x: TensorInfo; filter: TensorInfo } & FusedInputs, ConvAttributes & FusedAttributes>(
    "FusedDepthwiseConv2D",
    ({ inputs, attrs }) => finishFused(heap, depthwise(inputs, attrs), inputs, attrs),
  );

  replaceKernel<{ dy: TensorInfo; filter: TensorInfo }, ConvAttributes & { inputShape: Shape4D }>(
    "DepthwiseConv2dNativeBackpropInput",
    ({ inputs: { dy, filter }, attrs }) => {
      const info = convInfo(attrs.inputShape, filter.shape, attrs, true);
      const dx = heap.output(info.inShape);
      heap.kernels.zero(tf.util.sizeFromShape(info.inShape), heap.address(dx));
      withWindow(heap, info, (window) => {
        const [target, w, source] = [heap.address(dx), heap.address(filter), heap.address(dy)];
        heap.kernels.depthwiseInputGradient(window, target, w, filter.shape[3]!, info.batchSize, source);
      });
      return dx;
    },
  );

  replaceKernel<{ x: TensorInfo; dy: TensorInfo }, ConvAttributes & { filterShape: Shape4D }>(
    "DepthwiseConv2dNativeBackpropFilter",
    ({ inputs: { x, dy }, attrs }) => {
      const info = convInfo(x.shape, attrs.filterShape, attrs, true);
      const dFilter = heap.output(attrs.filterShape);
      heap.kernels.zero(tf.util.sizeFromShape(attrs.filterShape), heap.address(dFilter));
      withWindow(heap, info, (window) => {
        const [source, target, dz] = [heap.address(x), heap.address(dFilter), heap.address(dy)];
        heap.kernels.depthwiseFilterGradient(
          window,
          source,
          target,
          attrs.filterShape[3],
          info.batchSize,
          dz,
        );
      });
      return dFilter;
    },
  );
}
