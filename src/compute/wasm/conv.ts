import type { TensorInfo } from "@tensorflow/tfjs";
import { tf } from "../tensorflow.js";
import { convInfo, type ConvAttributes, type Shape4D } from "./conv-info.js";
import { Convolution } from "./convolution.js";
import { finishFused, type FusedAttributes, type FusedInputs } from "./fused.js";
import type { Heap } from "./heap.js";
import { replaceKernel } from "./replace.js";
import { windowShape } from "./window.js";

/** Convolutions as matrix products. The backend ships no gradient by the filter, and the rest uses no BLAS. */
export function replaceConvolutions(heap: Heap): void {
  const forward = (
    { x, filter }: { x: TensorInfo; filter: TensorInfo },
    attrs: ConvAttributes,
  ): TensorInfo => {
    const info = convInfo(x.shape, filter.shape, attrs, false);
    const y = heap.output(info.outShape);
    withConvolution(heap, info, (convolution) => {
      const channels = { from: 0, to: info.outChannels };
      convolution.forward(heap.address(x), heap.address(filter), info.batchSize, channels, heap.address(y));
    });
    return y;
  };

  replaceKernel<{ x: TensorInfo; filter: TensorInfo }, ConvAttributes>("Conv2D", ({ inputs, attrs }) =>
    forward(inputs, attrs),
  );

  replaceKernel<{ x: TensorInfo; filter: TensorInfo } & FusedInputs, ConvAttributes & FusedAttributes>(
    "FusedConv2D",
    ({ inputs, attrs }) => finishFused(heap, forward(inputs, attrs), inputs, attrs),
  );

  replaceKernel<{ dy: TensorInfo; filter: TensorInfo }, ConvAttributes & { inputShape: Shape4D }>(
    "Conv2DBackpropInput",
    ({ inputs: { dy, filter }, attrs }) => {
      const info = convInfo(attrs.inputShape, filter.shape, attrs, false);
      const dx = heap.output(info.inShape);
      withConvolution(heap, info, (convolution) => {
        convolution.inputGradient(
          heap.address(filter),
          heap.address(dy),
          info.batchSize,
          false,
          heap.address(dx),
        );
      });
      return dx;
    },
  );

  replaceKernel<{ x: TensorInfo; dy: TensorInfo }, ConvAttributes & { filterShape: Shape4D }>(
    "Conv2DBackpropFilter",
    ({ inputs: { x, dy }, attrs }) => {
      const info = convInfo(x.shape, attrs.filterShape, attrs, false);
      const dFilter = heap.output(info.filterShape);
      heap.kernels.zero(tf.util.sizeFromShape(info.filterShape), heap.address(dFilter));
      withConvolution(heap, info, (convolution) => {
        convolution.filterGradient(
          heap.address(x),
          heap.address(dy),
          info.batchSize,
          { from: 0, to: info.outChannels },
          false,
          heap.address(dFilter),
        );
      });
      return dFilter;
    },
  );
}

function withConvolution(
  heap: Heap,
  info: ReturnType<typeof convInfo>,
  use: (convolution: Convolution) => void,
): void {
  const convolution = new Convolution(heap, windowShape(info), info.outChannels);
  try {
    use(convolution);
  } finally {
    convolution.dispose();
  }
}
