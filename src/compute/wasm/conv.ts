import type { TensorInfo } from "@tensorflow/tfjs";
import { tf } from "../tensorflow.js";
import { Convolution } from "./convolution.js";
import { DepthwiseConvolution } from "./depthwise.js";
import { finishFused, type FusedAttributes, type FusedInputs } from "./fused.js";
import type { Heap } from "./heap.js";
import type { LinearKernels } from "./linear.js";
import { replaceKernel } from "./replace.js";
import { windowShape, type WindowInfo } from "./window.js";

type Shape4D = [number, number, number, number];

/** The attributes of TensorFlow.js's convolution kernels. */
interface ConvAttributes {
  readonly strides: number | [number, number];
  readonly pad: "valid" | "same" | number;
  readonly dataFormat?: "NHWC" | "NCHW";
  readonly dilations?: number | [number, number];
  readonly dimRoundingMode?: "floor" | "round" | "ceil";
}

interface Operands {
  readonly x: TensorInfo;
  readonly filter: TensorInfo;
}

/**
 * Convolutions as matrix products, and depthwise ones. The backend ships no gradient by the filter, and none at all of
 * depthwise ones; the rest uses no BLAS, and the depthwise one is wrong where the strides of height and width differ.
 */
export function replaceConvolutions(heap: Heap): void {
  replaceFamily(heap, Convolution, {
    forward: "Conv2D",
    fused: "FusedConv2D",
    inputGradient: "Conv2DBackpropInput",
    filterGradient: "Conv2DBackpropFilter",
  });
  replaceFamily(heap, DepthwiseConvolution, {
    forward: "DepthwiseConv2dNative",
    fused: "FusedDepthwiseConv2D",
    inputGradient: "DepthwiseConv2dNativeBackpropInput",
    filterGradient: "DepthwiseConv2dNativeBackpropFilter",
  });
}

function replaceFamily(
  heap: Heap,
  Kind: typeof Convolution | typeof DepthwiseConvolution,
  names: Readonly<Record<"forward" | "fused" | "inputGradient" | "filterGradient", string>>,
): void {
  /** A new tensor, of the shape `of` names, that `write` fills. */
  const result = (
    x: readonly number[],
    filter: readonly number[],
    attrs: ConvAttributes,
    of: "outShape" | "inShape" | "filterShape",
    write: (convolution: LinearKernels, info: WindowInfo, out: number) => void,
  ): TensorInfo => {
    const info = convInfo(x, filter, attrs, Kind === DepthwiseConvolution);
    const out = heap.output(info[of]);
    const convolution = new Kind(heap, windowShape(info), info.outChannels);
    try {
      write(convolution, info, heap.address(out));
    } finally {
      convolution.dispose();
    }
    return out;
  };

  const forward = ({ x, filter }: Operands, attrs: ConvAttributes): TensorInfo =>
    result(x.shape, filter.shape, attrs, "outShape", (convolution, { batchSize, outChannels }, y) => {
      const channels = { from: 0, to: outChannels };
      convolution.forward(heap.address(x), heap.address(filter), batchSize, channels, y);
    });

  replaceKernel<Operands, ConvAttributes>(names.forward, ({ inputs, attrs }) => forward(inputs, attrs));

  replaceKernel<Operands & FusedInputs, ConvAttributes & FusedAttributes>(names.fused, ({ inputs, attrs }) =>
    finishFused(heap, forward(inputs, attrs), inputs, attrs),
  );

  replaceKernel<{ dy: TensorInfo; filter: TensorInfo }, ConvAttributes & { inputShape: Shape4D }>(
    names.inputGradient,
    ({ inputs: { dy, filter }, attrs }) =>
      result(attrs.inputShape, filter.shape, attrs, "inShape", (convolution, { batchSize }, dx) => {
        convolution.inputGradient(heap.address(filter), heap.address(dy), batchSize, false, dx);
      }),
  );

  replaceKernel<{ x: TensorInfo; dy: TensorInfo }, ConvAttributes & { filterShape: Shape4D }>(
    names.filterGradient,
    ({ inputs: { x, dy }, attrs }) =>
      result(x.shape, attrs.filterShape, attrs, "filterShape", (convolution, info, dFilter) => {
        const { batchSize, outChannels } = info;
        heap.kernels.zero(tf.util.sizeFromShape(info.filterShape), dFilter);
        const channels = { from: 0, to: outChannels };
        convolution.weightGradient(heap.address(x), heap.address(dy), batchSize, channels, false, dFilter);
      }),
  );
}

/** The sizes, strides and paddings of a convolution of images with their channels last. */
function convInfo(
  x: readonly number[],
  filter: readonly number[],
  { strides, pad, dataFormat, dilations, dimRoundingMode }: ConvAttributes,
  depthwise: boolean,
): WindowInfo {
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
